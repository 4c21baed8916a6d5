// F16: IEEE half precision, and the exact conversions between half and float that every block scale uses.
// Round to nearest even, subnormals kept, infinities kept, NaN stays NaN (quiet, as the conversion instructions make it).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sotto::quant {

inline float half_to_float(uint16_t half) noexcept {
  constexpr uint32_t kRebias = (127 - 15) << 23;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t magnitude = half & 0x7fff;
  const uint32_t normal = (magnitude << 13) + kRebias;
  const uint32_t subnormal = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
  const uint32_t special = ((magnitude << 13) + 2 * kRebias) | (magnitude > 0x7c00 ? 0x00400000u : 0u);
  const uint32_t bits = magnitude < 0x0400 ? subnormal : magnitude < 0x7c00 ? normal : special;
  return std::bit_cast<float>(sign | bits);
}

inline uint16_t float_to_half(float value) noexcept {
  constexpr uint32_t kRebias = (127 - 15) << 23;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  // Floats in [0.5, 1) are 2^-24 apart, as half subnormals are: one addition rounds and leaves the code in the low bits.
  const uint32_t subnormal = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  const uint32_t normal = (magnitude - kRebias + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  const uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  const uint32_t code = magnitude < 0x38800000u    ? subnormal  // below 2^-14
                        : magnitude < 0x477ff000u  ? normal     // below 65520, the half-way point to infinity
                        : magnitude <= 0x7f800000u ? 0x7c00u
                                                   : nan;
  return static_cast<uint16_t>(sign | code);
}

namespace f16 {

using Block = uint16_t;

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace f16
}  // namespace sotto::quant
