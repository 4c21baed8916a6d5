// Q3_K: 256 weights in groups of 16, weight = d * scale * q, q in [-4, 3], scale 6 bits in [-32, 31].
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sotto::quant::q3_k {

inline constexpr size_t kBlockSize = 256;

#pragma pack(push, 1)
struct Block {
  uint8_t hmask[32];   // weight i: byte i % 32, bit i / 32: bit 2 of q + 4
  uint8_t qs[64];      // low two bits of q + 4; weight i: byte 32 * (i / 128) + i % 32, bits 2 * (i / 32 % 4)
  uint8_t scales[12];  // scale + 32 of group g: low four bits in byte g % 8, nibble g / 8;
                       // high two bits in byte 8 + g % 4, bits 2 * (g / 4)
  uint16_t d;          // half
};
#pragma pack(pop)
static_assert(sizeof(Block) == 110);

inline std::array<int8_t, 16> unpack_scales(const uint8_t (&packed)[12]) noexcept {
  std::array<int8_t, 16> scales;
  for (size_t g = 0; g < 16; ++g) {
    const int low = packed[g % 8] >> (4 * (g / 8)) & 15, high = packed[8 + g % 4] >> (2 * (g / 4)) & 3;
    scales[g] = static_cast<int8_t>((low | high << 4) - 32);
  }
  return scales;
}

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::q3_k
