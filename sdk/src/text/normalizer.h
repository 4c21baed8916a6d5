// Normalizer: what happens to a text before it is cut into words: a few steps in the order the model names them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::text {

struct NormalizerStep {
  enum class Kind : uint8_t {
    nfc,
    replace,          // every `from` by `to`
    prepend,          // `to` in front of a text that is not empty
    prepend_missing,  // the same, unless it is there
    prepend_first,    // the same, but only in front of the first piece of text, before any special token
  } kind;
  std::string from{};
  std::string to{};
};

class Normalizer {
 public:
  std::vector<NormalizerStep> steps;

  /// `first`: this text is the start of what is encoded. The result is `text` itself or lies in `scratch`.
  std::string_view apply(std::string_view text, bool first, std::string& scratch) const;
};

}  // namespace sotto::text
