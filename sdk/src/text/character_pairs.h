// CharacterPairs: which two characters stand side by side in some piece. Between two that never do, no merge can reach across: a
// text may be cut there and the parts encoded alone. Exact, and what makes vocabularies without pre-tokenizer as fast as the
// others.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace sotto::text {

class CharacterPairs {
 public:
  /// `n_characters`: of all pieces together, a hint.
  explicit CharacterPairs(size_t n_characters = 0);

  void add_piece(std::string_view piece);

  /// False only when no piece has the two side by side (a Bloom filter with one hash, exact in ASCII).
  bool may_join(uint32_t left, uint32_t right) const noexcept {
    const size_t bit = bit_of(left, right);
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  size_t bytes() const noexcept { return bits_.capacity() * sizeof(uint64_t); }

 private:
  static constexpr size_t kAscii = 128;

  size_t bit_of(uint32_t left, uint32_t right) const noexcept {
    if ((left | right) < kAscii) return left * kAscii + right;
    const uint64_t hash = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
    return kAscii * kAscii + static_cast<size_t>(hash >> shift_);
  }

  uint32_t shift_;
  std::vector<uint64_t> bits_;
};

}  // namespace sotto::text
