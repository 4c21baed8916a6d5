// What all codecs share: blocks are copied in and out of the byte stream (files promise no alignment), and floats become codes
// without undefined behaviour on any bit pattern. A non-finite weight makes its block's scale non-finite, so that a fault in a
// file stays visible as a fault instead of turning into a plausible number.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sotto::quant {

template <class Block>
Block load_block(const std::byte* blocks, size_t index) noexcept {
  Block block;
  std::memcpy(&block, blocks + index * sizeof(Block), sizeof(Block));
  return block;
}

template <class Block>
void store_block(const Block& block, std::byte* blocks, size_t index) noexcept {
  std::memcpy(blocks + index * sizeof(Block), &block, sizeof(Block));
}

/// Into [low, high]; NaN becomes low. Conversions to integers come after this, never before.
inline float clamp_code(float value, float low, float high) noexcept {
  value = value > low ? value : low;
  return value < high ? value : high;
}

/// Nearest integer, halves to even, of a value below 2^22 in magnitude, as a float: two additions, so that loops vectorize.
inline float round_code(float value) noexcept {
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: floats of this size have a spacing of one
  return (value + kShift) - kShift;
}

inline float reciprocal_or_zero(float value) noexcept {
  return value == 0.0f ? 0.0f : 1.0f / value;
}

/// The largest |x|, compared as bits: NaN counts above infinity, infinity above every number.
inline float largest_magnitude(const float* x, size_t n) noexcept {
  uint32_t largest = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(x[i]) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  return std::bit_cast<float>(largest);
}

/// The first x of largest magnitude, with its sign.
inline float signed_peak(const float* x, size_t n) noexcept {
  const float magnitude = largest_magnitude(x, n);
  for (size_t i = 0; i < n; ++i) {
    if (std::bit_cast<uint32_t>(std::fabs(x[i])) == std::bit_cast<uint32_t>(magnitude)) return x[i];
  }
  return 0.0f;
}

struct Range {
  float low, high;
};

/// Smallest and largest x; both NaN when any x is not finite.
inline Range range_of(const float* x, size_t n) noexcept {
  const float magnitude = largest_magnitude(x, n);
  if (!std::isfinite(magnitude)) return {NAN, NAN};
  Range range{x[0], x[0]};
  for (size_t i = 1; i < n; ++i) {
    range.low = x[i] < range.low ? x[i] : range.low;
    range.high = x[i] > range.high ? x[i] : range.high;
  }
  return range;
}

}  // namespace sotto::quant
