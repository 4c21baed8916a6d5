// Q8_0: 32 weights, weight = d * q, q in [-127, 127].
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::q8_0 {

inline constexpr size_t kBlockSize = 32;

#pragma pack(push, 1)
struct Block {
  uint16_t d;  // half
  int8_t qs[kBlockSize];
};
#pragma pack(pop)
static_assert(sizeof(Block) == 34);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q8_0
