// Token ids as text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"
#include "sotto/tokenizer.h"

namespace sotto::cli {

/// "1,2,3", "1 2 3" or "[1, 2, 3]". Errors: invalid_argument naming what is no id.
Result<std::vector<TokenId>> parse_ids(std::string_view text);

/// "1 2 3"
std::string join_ids(std::span<const TokenId> ids);

}  // namespace sotto::cli
