#include "token_ids.h"

#include <charconv>

namespace sotto::cli {

Result<std::vector<TokenId>> parse_ids(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,[]";
  std::vector<TokenId> ids;
  size_t begin = 0;
  while ((begin = text.find_first_not_of(kBetween, begin)) != std::string_view::npos) {
    const std::string_view word = text.substr(begin, text.find_first_of(kBetween, begin) - begin);
    TokenId id = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (error != std::errc() || end != word.data() + word.size())
      return Error{ErrorCode::invalid_argument, "'" + std::string(word) + "' is no token id", "tokens"};
    ids.push_back(id);
    begin += word.size();
  }
  return ids;
}

std::string join_ids(std::span<const TokenId> ids) {
  std::string text;
  for (const TokenId id : ids) text += (text.empty() ? "" : " ") + std::to_string(id);
  return text;
}

}  // namespace sotto::cli
