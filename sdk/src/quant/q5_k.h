// Q5_K: 256 weights in groups of 32, weight = d * scale * q - dmin * minimum, q in [0, 31], scale and minimum 6 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/scales_6bit.h"

namespace sotto::quant::q5_k {

inline constexpr size_t kBlockSize = 256;

#pragma pack(push, 1)
struct Block {
  uint16_t d, dmin;  // half
  PackedScales scales;
  uint8_t qh[32];   // weight i: byte i % 32, bit i / 32: bit 4 of q
  uint8_t qs[128];  // low four bits; weight i: byte 32 * (i / 64) + i % 32, nibble i / 32 % 2
};
#pragma pack(pop)
static_assert(sizeof(Block) == 176);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q5_k
