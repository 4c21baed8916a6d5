// Normalization form C (https://www.unicode.org/reports/tr15/), as Qwen's tokenizers ask for.
#pragma once

#include <string>
#include <string_view>

namespace sotto::text {

/// Linear in the text but for the sorting of runs of marks. Bytes that are no UTF-8 stay as they are and nothing composes across
/// them.
std::string to_nfc(std::string_view text);

}  // namespace sotto::text
