// Q2_K: 256 weights in groups of 16, weight = d * scale * q - dmin * minimum, q in [0, 3], scale and minimum 4 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::q2_k {

inline constexpr size_t kBlockSize = 256;

#pragma pack(push, 1)
struct Block {
  uint8_t scales[16];  // low nibble: scale, high nibble: minimum of group g
  uint8_t qs[64];      // weight i: byte 32 * (i / 128) + i % 32, bits 2 * (i / 32 % 4)
  uint16_t d, dmin;    // half
};
#pragma pack(pop)
static_assert(sizeof(Block) == 84);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q2_k
