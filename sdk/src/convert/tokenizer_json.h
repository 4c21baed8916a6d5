// What a Tokenizer no longer knows of the tokenizer.json that it was made from (without an error, by text::make_tokenizer).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sotto/result.h"

namespace sotto::convert {

using MergePairs = std::vector<std::pair<std::string, std::string>>;

/// model.merges.
Result<MergePairs> read_merge_pairs(std::string_view tokenizer_json);

/// An added token that takes the blanks beside it or wants to be a word by itself; empty when there is none.
Result<std::string> find_flagged_token(std::string_view tokenizer_json);

}  // namespace sotto::convert
