// AddedTokens: pieces that are found in a text before anything else happens to it: control tokens where asked for, and those a
// model's makers added to the vocabulary. The longest one at the leftmost place wins.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/tokenizer.h"

namespace sotto::text {

struct AddedToken {
  std::string text;
  TokenId id = 0;
  bool special = false;      // only found when special tokens are parsed
  bool left_strip = false;   // takes the white space before it
  bool right_strip = false;  // and after it
  bool single_word = false;  // only where no word character is beside it
};

class AddedTokens {
 public:
  /// Without the empty ones.
  explicit AddedTokens(std::vector<AddedToken> tokens = {});

  struct Match {
    size_t start, end;
    TokenId id;
  };
  /// The first one at or after `from`; nothing before `from` is taken. Time: bytes looked at x length of the longest token.
  std::optional<Match> find(std::string_view text, size_t from, bool parse_special) const noexcept;

  bool empty() const noexcept { return tokens_.empty(); }

 private:
  const AddedToken* longest_at(std::string_view text, bool parse_special) const noexcept;

  std::vector<AddedToken> tokens_;  // by text
  std::array<std::pair<uint32_t, uint32_t>, 256> by_first_byte_{};
};

}  // namespace sotto::text
