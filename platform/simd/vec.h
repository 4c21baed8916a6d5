// Vec<Arch>: the floats of one register of a target, with the operations that the float kernels are written in. The scalar target
// is one lane of plain C++. No operation fuses or approximates, and sums over lanes go through PartialLanes, whose order is the
// same for every width: so the float kernels give the same bits on every target.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "simd/registers.h"
#include "simd/targets.h"

namespace sotto::simd {

/// Halves, as sign-extended bits in 32-bit lanes, to floats for targets without an instruction: exponent and fraction move to their
/// place, and a product moves the exponent's zero (through subnormal floats for subnormal halves: slow on some machines, but
/// seldom). Unless all are finite, what is not gets its exponent after that, and a NaN becomes quiet, as the instructions make it.
template <bool finite, class Float, class Word, class ToFloat, class ToWord, class Select, class Any>
static SOTTO_INLINE Float half_to_float(Word half, ToFloat to_float, ToWord to_word, Select select, Any any) {
  const Float value = to_float((half << 13) & Word(variable(0x8fffe000))) * Float(std::bit_cast<float>(variable(0x77800000)));
  if constexpr (finite) return value;
  const Word exponent = Word(variable(0x7c00));
  const auto special = (half & exponent) == exponent;
  if (any(special)) [[unlikely]] {
    const Word quiet = select((half & Word(0x03ff)) != Word(0), Word(1 << 22), Word(0));
    return to_float(to_word(value) | select(special, Word(0x7f800000) | quiet, Word(0)));
  }
  return value;
}

template <class Arch>
static SOTTO_INLINE float half_to_float(uint16_t half) {
  return half_to_float<false, float>(
      static_cast<uint32_t>(static_cast<int16_t>(half)), [](uint32_t word) { return std::bit_cast<float>(word); },
      [](float value) { return std::bit_cast<uint32_t>(value); }, [](bool yes, uint32_t a, uint32_t b) { return yes ? a : b; },
      [](bool yes) { return yes; });
}

template <class Arch>
struct Vec {
  using Batch = xsimd::batch<float, typename Arch::Xsimd>;
  using Words = xsimd::batch<uint32_t, typename Arch::Xsimd>;
  using Mask = typename Batch::batch_bool_type;
  static constexpr size_t kLanes = Batch::size;

  Batch v;

  static SOTTO_INLINE Vec broadcast(float x) { return {Batch(x)}; }
  static SOTTO_INLINE Vec load(const float* from) { return {Batch::load_unaligned(from)}; }
  SOTTO_INLINE void store(float* to) const { v.store_unaligned(to); }

#ifdef SOTTO_HAS_F16
  static constexpr bool kHasF16 = true;  // load_f16 is an instruction
#else
  static constexpr bool kHasF16 = false;
#endif
  static SOTTO_INLINE Vec load_i8(const std::byte* from) {
    Vec x;
    simd::load_i8(from, x.v.data);
    return x;
  }
  static SOTTO_INLINE Vec load_bf16(const std::byte* from) {
    Words halves;
    simd::load_16(from, halves.data);
    return {xsimd::bitwise_cast<float>(halves << 16)};
  }
  /// finite: all are.
  template <bool finite = false>
  static SOTTO_INLINE Vec load_f16(const std::byte* from) {
    Vec x;
#ifdef SOTTO_HAS_F16
    simd::load_f16(from, x.v.data);
#else
    Words halves;
    simd::load_16(from, halves.data);
    x.v = half_to_float<finite, Batch>(
        halves, [](Words words) { return xsimd::bitwise_cast<float>(words); },
        [](Batch values) { return xsimd::bitwise_cast<uint32_t>(values); },
        [](auto mask, Words a, Words b) { return xsimd::select(mask, a, b); }, [](auto mask) { return xsimd::any(mask); });
#endif
    return x;
  }

  friend SOTTO_INLINE Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
  friend SOTTO_INLINE Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
  friend SOTTO_INLINE Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
#ifdef __aarch64__
  // xsimd refines an estimate of the reciprocal, which is not always the nearest float.
  friend SOTTO_INLINE Vec operator/(Vec a, Vec b) { return {Batch(vdivq_f32(a.v, b.v))}; }
#else
  friend SOTTO_INLINE Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
#endif
  friend SOTTO_INLINE Mask operator<(Vec a, Vec b) { return a.v < b.v; }
  friend SOTTO_INLINE Mask operator<=(Vec a, Vec b) { return a.v <= b.v; }
  friend SOTTO_INLINE Vec select(Mask yes, Vec a, Vec b) { return {xsimd::select(yes, a.v, b.v)}; }
  friend SOTTO_INLINE bool any_equal(Vec a, Vec b) { return xsimd::any(a.v == b.v); }
  friend SOTTO_INLINE Vec abs(Vec a) { return {xsimd::abs(a.v)}; }
  /// The low 16 bits of a, and above them those of b.
  friend SOTTO_INLINE Vec low_halves(Vec a, Vec b) {
    const Words low = xsimd::bitwise_cast<uint32_t>(a.v) & Words(0xffff);
    return {xsimd::bitwise_cast<float>(low | (xsimd::bitwise_cast<uint32_t>(b.v) << 16))};
  }
  /// The bits of a, plus the bits of b shifted left by 23: a * 2^n when the low bits of b hold the integer n.
  friend SOTTO_INLINE Vec add_to_exponent(Vec a, Vec b) {
    return {xsimd::bitwise_cast<float>(xsimd::bitwise_cast<uint32_t>(a.v) + (xsimd::bitwise_cast<uint32_t>(b.v) << 23))};
  }
};

/// One lane of plain C++: the target without vector instructions.
template <class Arch>
  requires std::is_void_v<typename Arch::Xsimd>
struct Vec<Arch> {
  using Mask = bool;
  static constexpr size_t kLanes = 1;

  float v;

  static SOTTO_INLINE Vec broadcast(float x) { return {x}; }
  static SOTTO_INLINE Vec load(const float* from) { return {*from}; }
  SOTTO_INLINE void store(float* to) const { *to = v; }

  static SOTTO_INLINE Vec load_i8(const std::byte* from) {
    Vec x;
    simd::load_i8(from, x.v);
    return x;
  }
  static constexpr bool kHasF16 = false;
  template <bool finite = false>
  static SOTTO_INLINE Vec load_f16(const std::byte* from) {
    uint32_t half;
    load_16(from, half);
    return {half_to_float<Arch>(static_cast<uint16_t>(half))};
  }
  static SOTTO_INLINE Vec load_bf16(const std::byte* from) {
    uint32_t half;
    load_16(from, half);
    return {std::bit_cast<float>(half << 16)};
  }

  friend SOTTO_INLINE Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
  friend SOTTO_INLINE Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
  friend SOTTO_INLINE Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
  friend SOTTO_INLINE Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
  friend SOTTO_INLINE Mask operator<(Vec a, Vec b) { return a.v < b.v; }
  friend SOTTO_INLINE Mask operator<=(Vec a, Vec b) { return a.v <= b.v; }
  friend SOTTO_INLINE Vec select(Mask yes, Vec a, Vec b) { return yes ? a : b; }
  friend SOTTO_INLINE bool any_equal(Vec a, Vec b) { return a.v == b.v; }
  friend SOTTO_INLINE Vec abs(Vec a) { return {__builtin_fabsf(a.v)}; }
  friend SOTTO_INLINE Vec low_halves(Vec a, Vec b) {
    return {std::bit_cast<float>((std::bit_cast<uint32_t>(a.v) & 0xffff) | std::bit_cast<uint32_t>(b.v) << 16)};
  }
  friend SOTTO_INLINE Vec add_to_exponent(Vec a, Vec b) {
    return {std::bit_cast<float>(std::bit_cast<uint32_t>(a.v) + (std::bit_cast<uint32_t>(b.v) << 23))};
  }
};

/// The first n lanes from memory, nothing read past them; the others are `fill`.
template <class Arch>
SOTTO_INLINE Vec<Arch> load_first(const float* from, size_t n, float fill = 0.0f) {
  float lanes[Vec<Arch>::kLanes];
  Vec<Arch>::broadcast(fill).store(lanes);
  std::memcpy(lanes, from, n * sizeof(float));
  return Vec<Arch>::load(lanes);
}

template <class Arch>
SOTTO_INLINE void store_first(Vec<Arch> x, float* to, size_t n) {
  float lanes[Vec<Arch>::kLanes];
  x.store(lanes);
  std::memcpy(to, lanes, n * sizeof(float));
}

/// NaN in `a` is passed over; NaN in `b` stays.
template <class Arch>
SOTTO_INLINE Vec<Arch> larger(Vec<Arch> a, Vec<Arch> b) {
  return select(b < a, a, b);
}

/// Registers that a kernel may fill with sums and still have room for its operands: the machine has 32 (AVX-512, NEON) or 16.
template <class Arch>
inline constexpr size_t kAccumulators = SOTTO_WIDE_REGISTER_FILE ? 16 : 8;

/// Sixteen lanes on every target, in as many registers as it takes: element i of a row belongs to lane i % 16.
inline constexpr size_t kPartialLanes = 16;

template <class Arch>
struct PartialLanes {
  using V = Vec<Arch>;
  static constexpr size_t kRegisters = kPartialLanes / V::kLanes;

  V part[kRegisters];

  static SOTTO_INLINE PartialLanes broadcast(float x) {
    PartialLanes all;
    for (size_t i = 0; i < kRegisters; ++i) all.part[i] = V::broadcast(x);
    return all;
  }

  /// Pairs of lanes i, i+8, then i, i+4, then i, i+2, then i, i+1, each joined by join(float, float).
  template <class Join>
  SOTTO_INLINE float fold(Join join) const {
    float lanes[kPartialLanes];
    for (size_t i = 0; i < kRegisters; ++i) part[i].store(lanes + i * V::kLanes);
    for (size_t half = kPartialLanes / 2; half > 0; half /= 2) {
      for (size_t i = 0; i < half; ++i) lanes[i] = join(lanes[i], lanes[i + half]);
    }
    return lanes[0];
  }
  SOTTO_INLINE float sum() const {
    return fold([](float a, float b) { return a + b; });
  }
  SOTTO_INLINE float max() const {
    return fold([](float a, float b) { return b < a ? a : b; });
  }
};

}  // namespace sotto::simd
