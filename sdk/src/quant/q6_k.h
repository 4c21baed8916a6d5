// Q6_K: 256 weights in groups of 16, weight = d * scale * q, q in [-32, 31], scale 8 bits signed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::q6_k {

inline constexpr size_t kBlockSize = 256;

#pragma pack(push, 1)
struct Block {
  uint8_t ql[128];    // low four bits of q + 32; weight i: byte 64 * (i / 128) + i % 64, nibble i / 64 % 2
  uint8_t qh[64];     // high two bits; weight i: byte 32 * (i / 128) + i % 32, bits 2 * (i / 32 % 4)
  int8_t scales[16];  // of group g
  uint16_t d;         // half
};
#pragma pack(pop)
static_assert(sizeof(Block) == 210);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q6_k
