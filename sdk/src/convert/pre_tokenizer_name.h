// The name by which GGUF files call the way a byte-level tokenizer cuts words.
#pragma once

#include <string_view>

#include "text/tokenizer_impl.h"

namespace sotto::convert {

/// Empty when none of the known names means exactly the same.
std::string_view pre_tokenizer_name(const Tokenizer::Impl& tokenizer) noexcept;

}  // namespace sotto::convert
