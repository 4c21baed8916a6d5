// Q5_0: 32 weights, weight = d * (q - 16), q in [0, 31].
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::q5_0 {

inline constexpr size_t kBlockSize = 32;

#pragma pack(push, 1)
struct Block {
  uint16_t d;      // half
  uint32_t qh;     // bit i: bit 4 of weight i
  uint8_t qs[16];  // low nibbles: weights 0..15, high nibbles: weights 16..31
};
#pragma pack(pop)
static_assert(sizeof(Block) == 22);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q5_0
