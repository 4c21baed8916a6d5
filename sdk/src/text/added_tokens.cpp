#include "text/added_tokens.h"

#include <algorithm>
#include <tuple>

#include "text/unicode.h"

namespace sotto::text {

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.text.empty(); });
  std::sort(tokens_.begin(), tokens_.end(),
            [](const AddedToken& a, const AddedToken& b) { return std::tie(a.text, a.id) < std::tie(b.text, b.id); });
  tokens_.erase(
      std::unique(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) { return a.text == b.text; }),
      tokens_.end());
  for (uint32_t i = 0; i < tokens_.size(); ++i) {
    auto& range = by_first_byte_[static_cast<unsigned char>(tokens_[i].text[0])];
    if (range.second == 0) range.first = i;
    range.second = i + 1;
  }
}

/// Narrows the sorted list byte by byte; whatever ends on the way is a match, a longer one replaces it.
const AddedToken* AddedTokens::longest_at(std::string_view text, bool parse_special) const noexcept {
  auto [first, last] = by_first_byte_[static_cast<unsigned char>(text[0])];
  const AddedToken* longest = nullptr;
  for (size_t n = 1; first < last; ++n) {
    const AddedToken& token = tokens_[first];
    if (token.text.size() == n) {  // of those that share n bytes the one without more comes first
      if (parse_special || !token.special) longest = &token;
      ++first;
    }
    if (n == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[n]);
    const auto before = [n](const AddedToken& t, unsigned char b) { return static_cast<unsigned char>(t.text[n]) < b; };
    const auto after = [n](unsigned char b, const AddedToken& t) { return b < static_cast<unsigned char>(t.text[n]); };
    const auto begin = tokens_.begin() + first, end = tokens_.begin() + last;
    last = static_cast<uint32_t>(std::upper_bound(begin, end, byte, after) - tokens_.begin());
    first = static_cast<uint32_t>(std::lower_bound(begin, end, byte, before) - tokens_.begin());
  }
  return longest;
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, size_t from, bool parse_special) const noexcept {
  if (empty()) return std::nullopt;
  for (size_t at = from; at < text.size(); ++at) {
    const AddedToken* token = longest_at(text.substr(at), parse_special);
    if (!token) continue;
    Match match = {at, at + token->text.size(), token->id};
    if (token->single_word) {
      const bool word_before = at > 0 && is_word_character(last_character(text.substr(0, at)).code);
      const bool word_after = match.end < text.size() && is_word_character(first_character(text.substr(match.end)).code);
      if (word_before || word_after) {
        at = match.end - 1;
        continue;
      }
    }
    const auto is_space = [](const Character& c) { return (classes_of(c.code) & kSpace) != 0; };
    if (token->left_strip) {
      while (match.start > from) {
        const Character c = last_character(text.substr(0, match.start));
        if (!is_space(c) || match.start - c.length < from) break;
        match.start -= c.length;
      }
    }
    if (token->right_strip) {
      while (match.end < text.size()) {
        const Character c = first_character(text.substr(match.end));
        if (!is_space(c)) break;
        match.end += c.length;
      }
    }
    return match;
  }
  return std::nullopt;
}

}  // namespace sotto::text
