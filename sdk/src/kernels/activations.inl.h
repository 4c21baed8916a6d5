// Activations in the formats of the matrix kernels. A tile of n tokens is, per 32 columns: the codes by step, tokens next to each
// other, four bytes per token and step; then per token the scale, scale * sum of codes, and sums of codes, negative: that of all,
// and of 8-bit ones those of both halves; where a target multiplies pairs, sums are cut in two. Floats are a tile of (columns, n).
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

  /// Of the codes of a group of columns, all or a half (8-bit ones): minus their sum, in every lane. Where pairs are multiplied it
  /// is in two 16-bit integers: of columns 4i and 4i + 1, and of 4i + 2 and 4i + 3.
  static constexpr bool kPairSums = I::kDot == simd::ByteDot::pairs;
  template <size_t kGroups, size_t g>
  SOTTO_INLINE typename I::Register minus_sums(size_t token) const {
    static_assert(kGroups == 1 || !I::kWideNumbers);
    return I::broadcast(at(kGroups == 1 ? 2 : 3 + g, token));
  }
  /// Of a half, where pairs are not multiplied.
  template <size_t g>
  SOTTO_INLINE int32_t minus_half_sum(size_t token) const {
    static_assert(!I::kWideNumbers && !kPairSums);
    return number<int32_t>(3 + g, token);
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
    return n_cols / kColumnBlock * kind(format).token_bytes * n_tokens;
  }

  static void quantize_activations(quant::ActivationFormat format, const float* x, size_t x_stride, size_t n_tokens,
                                   size_t n_cols_in, size_t n_cols, std::byte* out) {
    const Kind to = kind(format);
    for (size_t t = 0; t < n_tokens; ++t) {
      const float* row = x + t * x_stride;
      std::byte* record = out + t * 4;
      for (size_t c = 0; c < n_cols; c += kColumnBlock, record += to.token_bytes * n_tokens) {
        const size_t n = n_cols_in < c ? 0 : n_cols_in - c;
        float padded[kColumnBlock] = {};
        if (n < kColumnBlock) __builtin_memcpy(padded, row + c, n * sizeof(float));
        to.put(n < kColumnBlock ? padded : row + c, record, n_tokens);
      }
    }
  }

 private:
  struct Kind {
    size_t token_bytes;                                                 // of a token's block
    void (*put)(const float* numbers, std::byte* to, size_t n_tokens);  // `to`: the first bytes of the token
  };
  static Kind kind(quant::ActivationFormat format) {
    switch (format) {
      case quant::ActivationFormat::f32:
        return {kColumnBlock * sizeof(float), put_floats};
      case quant::ActivationFormat::i8:
        return {ActivationRecord<Bytes>::kTokenBytes, put<Bytes, false>};
      case quant::ActivationFormat::i16:
        return {ActivationRecord<Wide>::kTokenBytes, put<Wide, false>};
      case quant::ActivationFormat::i8_rest:
        return {ActivationRecord<Bytes>::kTokenBytes, put<Bytes, true>};
    }
    return {};
  }

  static void put_floats(const float* numbers, std::byte* to, size_t n_tokens) {
    for (size_t i = 0; i < kColumnBlock; ++i) __builtin_memcpy(to + i * n_tokens * sizeof(float), numbers + i, sizeof(float));
  }

  template <class I, bool of_rest>
  static void put(const float* numbers, std::byte* to, size_t n_tokens) {
    constexpr int kLimit = I::kWideNumbers ? 32512 : 127;
    Block block;
    __builtin_memcpy(&block, numbers, sizeof block);
    if constexpr (of_rest) block = rest(block, round<kLimit>(block));
    put<I>(round<kLimit>(block), to, n_tokens);
  }

  // All columns of a block; the compiler cuts these to the target's registers. Whole ones are passed in structures: as values of
  // their own they ask for registers that only some targets have.
  using Floats = float __attribute__((vector_size(kColumnBlock * 4)));
  using Integers = int32_t __attribute__((vector_size(kColumnBlock * 4)));
  using Four = int32_t __attribute__((vector_size(16)));
  using FourHalves = int16_t __attribute__((vector_size(8)));

  struct Block {
    Floats x;
  };
  struct Rounded {
    float scale;
    Integers codes;
  };

  // scale = largest / limit; code = nearest even of x * (limit / largest). A block with a number that is not finite gets a scale
  // that is not finite, which its products inherit; one too small for the quotient is zero.
  template <int limit>
  static SOTTO_INLINE Rounded round(const Block& block) {
    constexpr float kLimit = static_cast<float>(limit), kSmallest = 0x1p-100f;
    constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: floats of this size have a spacing of one
    Floats x = block.x;
    const int32_t largest_bits = __builtin_reduce_max(reinterpret_cast<Integers>(x) & 0x7fffffff);
    const float largest = __builtin_bit_cast(float, largest_bits);
    const bool finite = largest_bits < 0x7f800000;
    if (!finite) x = Floats{};
    const bool enough = finite && largest > kSmallest;
    const float factor = enough ? kLimit / largest : 0.0f, scale = enough ? largest / kLimit : 0.0f;
    return {finite ? scale : __builtin_nanf(""),
            reinterpret_cast<Integers>(x * factor + kRounder) - __builtin_bit_cast(int32_t, kRounder)};
  }

  static SOTTO_INLINE Block rest(const Block& block, const Rounded& rounded) {
    return {block.x - rounded.scale * __builtin_convertvector(rounded.codes, Floats)};
  }

  template <class I>
  static SOTTO_INLINE void put(const Rounded& rounded, std::byte* to, size_t n_tokens) {
    put_codes<I>(rounded, to, n_tokens * 4, std::make_index_sequence<kColumnBlock>{});
    to += ActivationRecord<I>::kCodeBytes * n_tokens;
    const auto put_number = [&](size_t field, auto number) {
      static_assert(sizeof number == 4);
      __builtin_memcpy(to + field * n_tokens * 4, &number, sizeof number);
    };
    put_number(0, rounded.scale);
    if constexpr (I::kWideNumbers) {
      const int32_t sum = __builtin_reduce_add(rounded.codes);
      put_number(1, rounded.scale * static_cast<float>(sum));
      put_number(2, -sum);
    } else {
      // Of both halves, the sums of every fourth column; then of both columns of each pair.
      Four four[kColumnBlock / 4];
      __builtin_memcpy(four, &rounded.codes, sizeof four);
      const Four low = four[0] + four[1] + four[2] + four[3], high = four[4] + four[5] + four[6] + four[7];
      const Four pairs = __builtin_shufflevector(low, high, 0, 2, 4, 6) + __builtin_shufflevector(low, high, 1, 3, 5, 7);
      const Four both = pairs + __builtin_shufflevector(pairs, pairs, 2, 3, 0, 1);
      const int32_t sum = both[0] + both[1];
      put_number(1, rounded.scale * static_cast<float>(sum));
      if constexpr (ActivationRecord<I>::kPairSums) {
        const FourHalves minus_both = __builtin_convertvector(-both, FourHalves),
                         minus = __builtin_convertvector(-pairs, FourHalves);
        put_number(2, __builtin_shufflevector(minus_both, minus_both, 0, 1));
        put_number(3, __builtin_shufflevector(minus, minus, 0, 1));
        put_number(4, __builtin_shufflevector(minus, minus, 2, 3));
      } else {
        put_number(2, -sum);
        put_number(3, -(pairs[0] + pairs[1]));
        put_number(4, -(pairs[2] + pairs[3]));
      }
    }
  }

  // i: of every place in the record
  template <class I, size_t... i>
  static SOTTO_INLINE void put_codes(const Rounded& rounded, std::byte* to, size_t step_bytes, std::index_sequence<i...>) {
    using Element = std::conditional_t<I::kElementBytes == 1, int8_t, int16_t>;
    using Elements = Element __attribute__((vector_size(kColumnBlock * I::kElementBytes)));
    const Elements narrow = __builtin_convertvector(rounded.codes, Elements);
    const Elements in_steps = __builtin_shufflevector(narrow, narrow, static_cast<int>(I::column(i / I::kStep, i % I::kStep))...);
    int32_t steps[sizeof in_steps / 4];
    __builtin_memcpy(steps, &in_steps, sizeof steps);
    for (const int32_t step : steps) {
      __builtin_memcpy(to, &step, sizeof step);
      to += step_bytes;
    }
  }
};

}  // namespace sotto::kernels
