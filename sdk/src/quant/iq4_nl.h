// IQ4_NL: 32 weights, weight = d * kCodebook[q], q in [0, 15].
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant::iq4_nl {

inline constexpr size_t kBlockSize = 32;

/// The values of the sixteen codes: denser near zero, where weights are.
inline constexpr int8_t kCodebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

#pragma pack(push, 1)
struct Block {
  uint16_t d;      // half
  uint8_t qs[16];  // low nibbles: weights 0..15, high nibbles: weights 16..31
};
#pragma pack(pop)
static_assert(sizeof(Block) == 18);

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::iq4_nl
