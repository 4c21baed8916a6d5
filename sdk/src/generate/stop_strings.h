// StopStrings: looks for the end of a generated text while it arrives, and holds back what might become one. Which of several
// matches counts does not depend on how the text is cut: the one that ends first, of those the longest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sotto::generate {

class StopStrings {
 public:
  /// Empty ones are left out.
  explicit StopStrings(const std::vector<std::string>& stops);

  /// Takes more text and appends to `out` what cannot be part of a stop string. The stop string that was found, or nullptr; it is
  /// not part of `out`, and what came behind it is dropped.
  const std::string* feed(std::string_view text, std::string& out);
  /// What is held back.
  std::string flush();

 private:
  struct Stop {
    std::string text;
    std::vector<size_t> borders;  // [n]: length of the longest proper prefix of text[0, n) that ends it
    size_t matched = 0;           // how much of it ends the text so far
  };
  std::vector<Stop> stops_;
  std::string held_;
};

}  // namespace sotto::generate
