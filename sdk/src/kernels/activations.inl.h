// Activations in the formats of the matrix kernels. A tile of n tokens is, per 32 columns: the codes by step, tokens next to each
// other, four bytes per token and step; then per token the scale, scale * sum of codes, and sums of codes: of 16-bit ones that of
// all, of 8-bit ones, negative, those of all and of both halves. Floats are a tile of (columns, n).
#pragma once

#include "kernels/kernel_table.h"
#include "simd/integers.h"

namespace sotto::kernels {

/// One record of a coded tile of n tokens.
template <class I>
struct ActivationRecord {
  static constexpr size_t kColumns = 32;
  static constexpr size_t kCodeBytes = kColumns * I::kElementBytes;  // of a token
  static constexpr size_t kNumbers = I::kWideNumbers ? 3 : 5;
  static constexpr size_t kTokenBytes = kCodeBytes + kNumbers * 4;

  const std::byte* record;
  size_t n;

  SOTTO_INLINE typename I::Register codes(size_t step, size_t token) const { return I::broadcast(record + (step * n + token) * 4); }
  SOTTO_INLINE float scale(size_t token) const { return number<float>(0, token); }
  SOTTO_INLINE float scaled_sum(size_t token) const { return number<float>(1, token); }
  /// Of 16-bit codes.
  SOTTO_INLINE int32_t sum(size_t token) const { return number<int32_t>(2, token); }

  /// Of the 8-bit codes of a group of columns, all or a half: minus the sums of columns 4i and 4i + 1, and of 4i + 2 and 4i + 3, as
  /// 16-bit integers in every lane.
  template <size_t kGroups, size_t g>
  SOTTO_INLINE typename I::Register minus_pair_sums(size_t token) const {
    static_assert(!I::kWideNumbers);
    return I::broadcast(at(kGroups == 1 ? 2 : 3 + g, token));
  }

 private:
  SOTTO_INLINE const std::byte* at(size_t field, size_t token) const { return record + kCodeBytes * n + (field * n + token) * 4; }
  template <class T>
  SOTTO_INLINE T number(size_t field, size_t token) const {
    T value;
    __builtin_memcpy(&value, at(field, token), sizeof value);
    return value;
  }
};

template <class Arch>
struct Activations {
  using Bytes = simd::Ints<Arch, false>;
  using Wide = simd::Ints<Arch, true>;

  static size_t token_tile(quant::ActivationFormat format) {
    const bool bytes = format == quant::ActivationFormat::i8 || format == quant::ActivationFormat::i8_rest;
    return (bytes ? Arch::kBytes : Arch::kWide).tokens;
  }

  static size_t activation_bytes(quant::ActivationFormat format, size_t n_cols, size_t n_tokens) {
    switch (format) {
      case quant::ActivationFormat::f32:
        return n_cols * sizeof(float) * n_tokens;
      case quant::ActivationFormat::i8:
      case quant::ActivationFormat::i8_rest:
        return n_cols / kColumnBlock * ActivationRecord<Bytes>::kTokenBytes * n_tokens;
      case quant::ActivationFormat::i16:
        return n_cols / kColumnBlock * ActivationRecord<Wide>::kTokenBytes * n_tokens;
    }
    return 0;
  }

  static void quantize_activations(quant::ActivationFormat format, const float* x, size_t x_stride, size_t n_tokens,
                                   size_t n_cols_in, size_t n_cols, std::byte* out) {
    for (size_t t = 0; t < n_tokens; ++t) {
      const float* row = x + t * x_stride;
      for (size_t c = 0; c < n_cols; c += kColumnBlock) {
        const size_t n = n_cols_in < c ? 0 : n_cols_in - c;
        float padded[kColumnBlock] = {};
        const float* block = row + c;
        if (n < kColumnBlock) {
          __builtin_memcpy(padded, block, n * sizeof(float));
          block = padded;
        }
        switch (format) {
          case quant::ActivationFormat::f32:
            store(block, out + c * sizeof(float) * n_tokens, n_tokens, t);
            break;
          case quant::ActivationFormat::i8:
            put<Bytes>(round<127>(block), c, out, n_tokens, t);
            break;
          case quant::ActivationFormat::i16:
            put<Wide>(round<32512>(block), c, out, n_tokens, t);
            break;
          case quant::ActivationFormat::i8_rest:
            put<Bytes>(round<127>(rest(block, round<127>(block)).values), c, out, n_tokens, t);
            break;
        }
      }
    }
  }

 private:
  static SOTTO_INLINE void store(const float* block, std::byte* out, size_t n_tokens, size_t token) {
    for (size_t i = 0; i < kColumnBlock; ++i)
      __builtin_memcpy(out + (i * n_tokens + token) * sizeof(float), block + i, sizeof(float));
  }

  struct Rounded {
    float scale;
    int32_t codes[kColumnBlock];
  };
  struct Block {
    float values[kColumnBlock];
  };

  // scale = largest / limit; code = nearest even of x * (limit / largest). A block with a number that is not finite gets a scale
  // that is not finite, which its products inherit; one too small for the quotient is zero.
  template <int limit>
  static SOTTO_INLINE Rounded round(const float* block) {
    constexpr float kLimit = static_cast<float>(limit), kSmallest = 0x1p-100f;
    constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: floats of this size have a spacing of one
    uint32_t largest_bits = 0;
    for (size_t i = 0; i < kColumnBlock; ++i) {
      const uint32_t magnitude = __builtin_bit_cast(uint32_t, block[i]) & 0x7fffffffu;
      largest_bits = magnitude > largest_bits ? magnitude : largest_bits;
    }
    const float largest = __builtin_bit_cast(float, largest_bits);
    const bool finite = largest_bits < 0x7f800000u;
    const float factor = finite && largest > kSmallest ? kLimit / largest : 0.0f;
    Rounded rounded;
    rounded.scale = !finite ? __builtin_nanf("") : largest > kSmallest ? largest / kLimit : 0.0f;
    for (size_t i = 0; i < kColumnBlock; ++i) {
      const float code = (finite ? block[i] : 0.0f) * factor + kRounder;
      rounded.codes[i] = static_cast<int32_t>(__builtin_bit_cast(uint32_t, code) - __builtin_bit_cast(uint32_t, kRounder));
    }
    return rounded;
  }

  static SOTTO_INLINE Block rest(const float* block, const Rounded& rounded) {
    Block rest;
    for (size_t i = 0; i < kColumnBlock; ++i) rest.values[i] = block[i] - rounded.scale * static_cast<float>(rounded.codes[i]);
    return rest;
  }

  // `column`: the first of the block
  template <class I>
  static SOTTO_INLINE void put(const Rounded& rounded, size_t column, std::byte* tile, size_t n_tokens, size_t token) {
    std::byte* record = tile + column / kColumnBlock * ActivationRecord<I>::kTokenBytes * n_tokens;
    int32_t sums[2][4] = {};  // of a half, of every fourth column
    for (size_t i = 0; i < kColumnBlock; ++i) sums[i / (kColumnBlock / 2)][i % 4] += rounded.codes[i];

    constexpr size_t kSteps = kColumnBlock / I::kStep;
    for (size_t s = 0; s < kSteps; ++s) {
      std::byte* to = record + (s * n_tokens + token) * 4;
      for (size_t i = 0; i < I::kStep; ++i) {
        const int32_t code = rounded.codes[I::column(s, i)];
        __builtin_memcpy(to + i * I::kElementBytes, &code, I::kElementBytes);  // low bytes first
      }
    }
    int32_t pairs[2][2], sum = 0;  // of a half, of both columns of each pair
    for (size_t half = 0; half < 2; ++half)
      for (size_t i = 0; i < 2; ++i) sum += pairs[half][i] = sums[half][2 * i] + sums[half][2 * i + 1];
    std::byte* numbers = record + ActivationRecord<I>::kCodeBytes * n_tokens + token * 4;
    const auto put_number = [&](size_t field, auto number) {
      __builtin_memcpy(numbers + field * n_tokens * 4, &number, sizeof number);
    };
    put_number(0, rounded.scale);
    put_number(1, rounded.scale * static_cast<float>(sum));
    if constexpr (I::kWideNumbers) {
      put_number(2, sum);
    } else {
      const auto minus = [](int32_t low, int32_t high) { return static_cast<uint16_t>(-low) | static_cast<uint32_t>(-high) << 16; };
      put_number(2, minus(pairs[0][0] + pairs[1][0], pairs[0][1] + pairs[1][1]));
      put_number(3, minus(pairs[0][0], pairs[0][1]));
      put_number(4, minus(pairs[1][0], pairs[1][1]));
    }
  }
};

}  // namespace sotto::kernels
