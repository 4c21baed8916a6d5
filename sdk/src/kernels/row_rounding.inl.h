// Rows of weights rounded to 4 bits for a screen (ops/best_rows.h): plain loops over blocks, which compilers make registers of.
#pragma once

#include "kernels/kernel_table.h"
#include "quant/q4_0.h"
#include "simd/registers.h"

namespace sotto::kernels {

template <class Arch>
struct RowRounding {
  static RoundedRow round_to_q4_0(const float* x, size_t n, std::byte* blocks) {
    constexpr size_t kBlock = quant::q4_0::kBlockSize;
    float of_x[kBlock] = {}, of_rounded[kBlock] = {}, of_rest[kBlock] = {};
    for (; n >= kBlock; n -= kBlock, x += kBlock, blocks += sizeof(quant::q4_0::Block)) {
      const float step = step_of(x);
      const float per_step = step != 0.0f ? 1.0f / step : 0.0f;
      constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: floats of this size have a spacing of one
      int32_t codes[kBlock];
      for (size_t i = 0; i < kBlock; ++i) {
        const float rounded = x[i] * per_step + kRounder;
        const auto code = static_cast<int32_t>(__builtin_bit_cast(uint32_t, rounded) - __builtin_bit_cast(uint32_t, kRounder));
        codes[i] = code < -8 ? -8 : code > 7 ? 7 : code;
      }
      for (size_t i = 0; i < kBlock; ++i) {
        const float rounded = static_cast<float>(codes[i]) * step, rest = x[i] - rounded;
        of_x[i] = of_x[i] + x[i] * x[i];
        of_rounded[i] = of_rounded[i] + rounded * rounded;
        of_rest[i] = of_rest[i] + rest * rest;
      }
      quant::q4_0::Block block;
      block.d = half_of(step);
      for (size_t i = 0; i < kBlock / 2; ++i) block.qs[i] = static_cast<uint8_t>((codes[i] + 8) | (codes[i + kBlock / 2] + 8) << 4);
      __builtin_memcpy(blocks, &block, sizeof block);
    }
    RoundedRow sums{};
    for (size_t i = 0; i < kBlock; ++i) {
      sums.of_exact = sums.of_exact + of_x[i];
      sums.of_rounded = sums.of_rounded + of_rounded[i];
      sums.of_rest = sums.of_rest + of_rest[i];
    }
    return sums;
  }

 private:
  static constexpr uint32_t kHalfMantissa = 0xffffe000u, kLeastExponent = 127 - 14, kLargestExponent = 127 + 15;
  static SOTTO_INLINE uint32_t exponent(uint32_t bits) { return bits >> 23 & 0xff; }

  // The number of largest magnitude takes the code -8. Steps are normal halves; where that cannot be the block becomes zeros.
  static SOTTO_INLINE float step_of(const float* x) {
    uint32_t largest = 0;  // magnitude, then sign
    for (size_t i = 0; i < quant::q4_0::kBlockSize; ++i) {
      const uint32_t bits = __builtin_bit_cast(uint32_t, x[i]), turned = bits << 1 | bits >> 31;
      largest = turned > largest ? turned : largest;
    }
    const float step = __builtin_bit_cast(float, largest >> 1 | largest << 31) * -0.125f;
    const uint32_t bits = __builtin_bit_cast(uint32_t, step) & kHalfMantissa;
    return exponent(bits) >= kLeastExponent && exponent(bits) <= kLargestExponent ? __builtin_bit_cast(float, bits) : 0.0f;
  }
  static SOTTO_INLINE uint16_t half_of(float step) {
    const uint32_t bits = __builtin_bit_cast(uint32_t, step);
    if (step == 0.0f) return 0;
    return static_cast<uint16_t>((bits >> 16 & 0x8000) | ((exponent(bits) - (127 - 15)) << 10) | (bits >> 13 & 0x3ff));
  }
};

}  // namespace sotto::kernels
