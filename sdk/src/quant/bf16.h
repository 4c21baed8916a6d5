// BF16: the upper half of a float. Rounded to nearest even; NaN stays NaN (quiet).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sotto::quant {

inline float bf16_to_float(uint16_t value) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

inline uint16_t float_to_bf16(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
  return static_cast<uint16_t>(is_nan ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

namespace bf16 {

using Block = uint16_t;

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace bf16
}  // namespace sotto::quant
