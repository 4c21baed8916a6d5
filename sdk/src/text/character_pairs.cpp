#include "text/character_pairs.h"

#include <algorithm>
#include <bit>

namespace sotto::text {

CharacterPairs::CharacterPairs(size_t n_characters) {
  // 4 bits per pair keep one in eight cuts that could be made; more than 512 KiB would leave the cache.
  const size_t n_bits = std::clamp(std::bit_ceil(n_characters) * 4, size_t{1} << 10, size_t{1} << 22);
  shift_ = 64 - static_cast<uint32_t>(std::countr_zero(n_bits));
  bits_.assign((kAscii * kAscii + n_bits) / 64, 0);
}

void CharacterPairs::add_piece(std::string_view piece) {
  uint32_t left = UINT32_MAX;
  while (!piece.empty()) {
    const Character c = first_character(piece);
    if (left != UINT32_MAX) {
      const size_t bit = bit_of(left, c.code);
      bits_[bit / 64] |= uint64_t{1} << (bit % 64);
    }
    left = c.code;
    piece.remove_prefix(c.length);
  }
}

}  // namespace sotto::text
