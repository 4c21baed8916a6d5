// Q4_1: 32 weights, weight = d * q + m, q in [0, 15].
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::q4_1 {

inline constexpr size_t kBlockSize = 32;

#pragma pack(push, 1)
struct Block {
  uint16_t d;      // half
  uint16_t m;      // half: the smallest weight
  uint8_t qs[16];  // low nibbles: weights 0..15, high nibbles: weights 16..31
};
#pragma pack(pop)
static_assert(sizeof(Block) == 20);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q4_1
