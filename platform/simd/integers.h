// Ints<Arch>: the integer side of the matrix kernels: packed codes, activations of 8 or 16 bits, and exact sums in as many 32-bit
// lanes as Vec<Arch> has floats. The dozen operations that xsimd lacks are overloads on the raw register below; always inlined.
#pragma once

#include <bit>
#include <cstring>

#include "simd/vec.h"

namespace sotto::simd {

// load(from, r), load_widened(from, r): half as many 8-bit integers become 16-bit. all32(x, r): x in all 32-bit lanes.
// field(r, shift, mask): (r >> shift) & mask in 16-bit lanes; put(r, shift): r << shift in 16-bit lanes; put32: in those of 32.
// either, add16, add32.
// dot16(sum, w, a): sum of products of two neighbouring 16-bit integers each. look_up(table, codes): of bytes below 16; extend8:
// their low bytes in 16-bit lanes become signed 16-bit integers. pairs(w, a), pairs_signed(w, a): products of bytes, neighbours
// summed in 16 bits, w unsigned (a signed) or both signed and above -128; sum_pairs(p): neighbouring 16-bit sums. dot8(sum, w, a):
// four products summed in 32 bits. floats(r): 32-bit integers as floats. settle(r): r is computed here; compilers that know that
// integers may be added in any order add neighbouring products first, which takes twice as many registers as there are sums.

// Names that some targets lack must be known to the templates that do not call them there.
template <class R>
R add16(R, R) = delete;
template <class R>
R pairs(R, R) = delete;
template <class R>
R pairs_signed(R, R) = delete;
template <class R>
R sum_pairs(R) = delete;
template <class R>
R dot8(R, R, R) = delete;
template <class R>
R extend8(R) = delete;
template <class R>
R shift16(R, int) = delete;
template <class R>
static SOTTO_INLINE void settle(R&) {}

#if defined(__SSE4_1__) && !defined(__wasm__)

#define SOTTO_X86_INTEGERS(Register, Floats, prefix, suffix)                                                    \
  static SOTTO_INLINE void load(const std::byte* from, Register& r) {                                           \
    r = prefix##_loadu_##suffix(reinterpret_cast<const Register*>(from));                                       \
  }                                                                                                             \
  static SOTTO_INLINE void all32(int32_t x, Register& r) {                                                      \
    r = prefix##_set1_epi32(x);                                                                                 \
  }                                                                                                             \
  static SOTTO_INLINE Register field(Register r, int shift, int mask) {                                         \
    return prefix##_and_##suffix(prefix##_srli_epi16(r, shift), prefix##_set1_epi16(static_cast<short>(mask))); \
  }                                                                                                             \
  static SOTTO_INLINE Register put(Register r, int shift) {                                                     \
    return prefix##_slli_epi16(r, shift);                                                                       \
  }                                                                                                             \
  static SOTTO_INLINE Register put32(Register r, int shift) {                                                   \
    return prefix##_slli_epi32(r, shift);                                                                       \
  }                                                                                                             \
  static SOTTO_INLINE Register either(Register a, Register b) {                                                 \
    return prefix##_or_##suffix(a, b);                                                                          \
  }                                                                                                             \
  static SOTTO_INLINE Register add16(Register a, Register b) {                                                  \
    return prefix##_add_epi16(a, b);                                                                            \
  }                                                                                                             \
  static SOTTO_INLINE Register add32(Register a, Register b) {                                                  \
    return prefix##_add_epi32(a, b);                                                                            \
  }                                                                                                             \
  static SOTTO_INLINE Register pairs(Register w, Register a) {                                                  \
    return prefix##_maddubs_epi16(w, a);                                                                        \
  }                                                                                                             \
  static SOTTO_INLINE Register sum_pairs(Register p) {                                                          \
    return prefix##_madd_epi16(p, prefix##_set1_epi16(1));                                                      \
  }                                                                                                             \
  static SOTTO_INLINE void settle(Register& r) {                                                                \
    __asm__("" : "+v"(r));                                                                                      \
  }                                                                                                             \
  static SOTTO_INLINE Floats floats(Register r) {                                                               \
    return prefix##_cvtepi32_ps(r);                                                                             \
  }

SOTTO_X86_INTEGERS(__m128i, __m128, _mm, si128)
static SOTTO_INLINE void load_widened(const std::byte* from, __m128i& r) {
  r = _mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
static SOTTO_INLINE __m128i dot16(__m128i sum, __m128i w, __m128i a) {
  return _mm_add_epi32(sum, _mm_madd_epi16(w, a));
}
static SOTTO_INLINE __m128i pairs_signed(__m128i w, __m128i a) {
  return _mm_maddubs_epi16(_mm_abs_epi8(w), _mm_sign_epi8(a, w));
}
static SOTTO_INLINE __m128i look_up(const int8_t* table, __m128i codes) {
  return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)), codes);
}

#ifdef __AVX2__
SOTTO_X86_INTEGERS(__m256i, __m256, _mm256, si256)
static SOTTO_INLINE void load_widened(const std::byte* from, __m256i& r) {
  r = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
static SOTTO_INLINE __m256i pairs_signed(__m256i w, __m256i a) {
  return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
}
static SOTTO_INLINE __m256i look_up(const int8_t* table, __m256i codes) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), codes);
}
#ifdef __AVXVNNI__
static SOTTO_INLINE __m256i dot16(__m256i sum, __m256i w, __m256i a) {
  return _mm256_dpwssd_avx_epi32(sum, w, a);
}
static SOTTO_INLINE __m256i dot8(__m256i sum, __m256i w, __m256i a) {
  return _mm256_dpbusd_avx_epi32(sum, w, a);
}
#else
static SOTTO_INLINE __m256i dot16(__m256i sum, __m256i w, __m256i a) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(w, a));
}
#endif
#endif

#ifdef __AVX512VNNI__
SOTTO_X86_INTEGERS(__m512i, __m512, _mm512, si512)
static SOTTO_INLINE void load_widened(const std::byte* from, __m512i& r) {
  r = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
static SOTTO_INLINE __m512i dot16(__m512i sum, __m512i w, __m512i a) {
  return _mm512_dpwssd_epi32(sum, w, a);
}
static SOTTO_INLINE __m512i dot8(__m512i sum, __m512i w, __m512i a) {
  return _mm512_dpbusd_epi32(sum, w, a);
}
static SOTTO_INLINE __m512i look_up(const int8_t* table, __m512i codes) {
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), codes);
}
#endif
#undef SOTTO_X86_INTEGERS

#elif defined(__aarch64__)

static SOTTO_INLINE void load(const std::byte* from, int32x4_t& r) {
  r = vreinterpretq_s32_u8(vld1q_u8(reinterpret_cast<const uint8_t*>(from)));
}
static SOTTO_INLINE void load_widened(const std::byte* from, int32x4_t& r) {
  r = vreinterpretq_s32_s16(vmovl_s8(vld1_s8(reinterpret_cast<const int8_t*>(from))));
}
static SOTTO_INLINE void all32(int32_t x, int32x4_t& r) {
  r = vdupq_n_s32(x);
}
static SOTTO_INLINE int32x4_t field(int32x4_t r, int shift, int mask) {
  const uint16x8_t shifted = vshlq_u16(vreinterpretq_u16_s32(r), vdupq_n_s16(static_cast<int16_t>(-shift)));
  return vreinterpretq_s32_u16(vandq_u16(shifted, vdupq_n_u16(static_cast<uint16_t>(mask))));
}
static SOTTO_INLINE int32x4_t put(int32x4_t r, int shift) {
  return vreinterpretq_s32_u16(vshlq_u16(vreinterpretq_u16_s32(r), vdupq_n_s16(static_cast<int16_t>(shift))));
}
static SOTTO_INLINE int32x4_t put32(int32x4_t r, int shift) {
  return vshlq_s32(r, vdupq_n_s32(shift));
}
static SOTTO_INLINE int32x4_t either(int32x4_t a, int32x4_t b) {
  return vorrq_s32(a, b);
}
static SOTTO_INLINE int32x4_t add32(int32x4_t a, int32x4_t b) {
  return vaddq_s32(a, b);
}
static SOTTO_INLINE int32x4_t dot16(int32x4_t sum, int32x4_t w, int32x4_t a) {
  const int16x8_t x = vreinterpretq_s16_s32(w), y = vreinterpretq_s16_s32(a);
  return vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y)));
}
#ifdef __ARM_FEATURE_DOTPROD
static SOTTO_INLINE int32x4_t dot8(int32x4_t sum, int32x4_t w, int32x4_t a) {
  return vdotq_s32(sum, vreinterpretq_s8_s32(w), vreinterpretq_s8_s32(a));
}
#endif
static SOTTO_INLINE int32x4_t look_up(const int8_t* table, int32x4_t codes) {
  return vreinterpretq_s32_s8(vqtbl1q_s8(vld1q_s8(table), vreinterpretq_u8_s32(codes)));
}
static SOTTO_INLINE int32x4_t extend8(int32x4_t r) {
  return vreinterpretq_s32_s16(vshrq_n_s16(vshlq_n_s16(vreinterpretq_s16_s32(r), 8), 8));
}
static SOTTO_INLINE float32x4_t floats(int32x4_t r) {
  return vcvtq_f32_s32(r);
}

#elif defined(__wasm_simd128__)

static SOTTO_INLINE void load(const std::byte* from, v128_t& r) {
  r = wasm_v128_load(from);
}
static SOTTO_INLINE void load_widened(const std::byte* from, v128_t& r) {
  r = wasm_i16x8_load8x8(from);
}
static SOTTO_INLINE void all32(int32_t x, v128_t& r) {
  r = wasm_i32x4_splat(x);
}
static SOTTO_INLINE v128_t field(v128_t r, int shift, int mask) {
  const v128_t shifted = wasm_u16x8_shr(r, static_cast<uint32_t>(shift));
  if (mask >> (16 - shift) == 0 && mask + 1 == 1 << (16 - shift)) return shifted;
  return wasm_v128_and(shifted, wasm_i16x8_splat(static_cast<int16_t>(variable(static_cast<uint32_t>(mask)))));
}
static SOTTO_INLINE v128_t shift16(v128_t r, int right) {
  return wasm_u16x8_shr(r, static_cast<uint32_t>(right));
}
static SOTTO_INLINE v128_t put(v128_t r, int shift) {
  return wasm_i16x8_shl(r, static_cast<uint32_t>(shift));
}
static SOTTO_INLINE v128_t put32(v128_t r, int shift) {
  return wasm_i32x4_shl(r, static_cast<uint32_t>(shift));
}
static SOTTO_INLINE v128_t either(v128_t a, v128_t b) {
  return wasm_v128_or(a, b);
}
static SOTTO_INLINE v128_t add16(v128_t a, v128_t b) {
  return wasm_i16x8_add(a, b);
}
static SOTTO_INLINE v128_t add32(v128_t a, v128_t b) {
  return wasm_i32x4_add(a, b);
}
static SOTTO_INLINE v128_t dot16(v128_t sum, v128_t w, v128_t a) {
  return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(w, a));
}
static SOTTO_INLINE v128_t look_up(const int8_t* table, v128_t codes) {
  return wasm_i8x16_swizzle(wasm_v128_load(table), codes);
}
static SOTTO_INLINE v128_t extend8(v128_t r) {
  return wasm_i16x8_shr(wasm_i16x8_shl(r, 8), 8);
}
static SOTTO_INLINE v128_t floats(v128_t r) {
  return wasm_f32x4_convert_i32x4(r);
}
static SOTTO_INLINE v128_t sum_pairs(v128_t p) {
  return wasm_i32x4_extadd_pairwise_i16x8(p);
}
#ifdef __wasm_relaxed_simd__
// The second operand stays within 0..127, where every engine gives the same.
static SOTTO_INLINE v128_t pairs(v128_t w, v128_t a) {
  return wasm_i16x8_relaxed_dot_i8x16_i7x16(a, w);
}
static SOTTO_INLINE v128_t pairs_signed(v128_t w, v128_t a) {
  const v128_t negative = wasm_i8x16_shr(w, 7);
  return pairs(wasm_i8x16_abs(w), wasm_i8x16_sub(wasm_v128_xor(a, negative), negative));
}
#endif

#endif

/// One 32-bit lane of plain C++: two 16-bit integers.
struct ScalarInts {
  uint16_t e[2];
};
static SOTTO_INLINE void load(const std::byte* from, ScalarInts& r) {
  __builtin_memcpy(&r, from, sizeof r);
}
static SOTTO_INLINE void load_widened(const std::byte* from, ScalarInts& r) {
  for (int i = 0; i < 2; ++i) r.e[i] = static_cast<uint16_t>(static_cast<int8_t>(from[i]));
}
static SOTTO_INLINE void all32(int32_t x, ScalarInts& r) {
  __builtin_memcpy(&r, &x, sizeof r);
}
static SOTTO_INLINE ScalarInts field(ScalarInts r, int shift, int mask) {
  for (uint16_t& e : r.e) e = static_cast<uint16_t>(e >> shift & mask);
  return r;
}
static SOTTO_INLINE ScalarInts put(ScalarInts r, int shift) {
  for (uint16_t& e : r.e) e = static_cast<uint16_t>(e << shift);
  return r;
}
static SOTTO_INLINE ScalarInts put32(ScalarInts r, int shift) {
  return __builtin_bit_cast(ScalarInts, __builtin_bit_cast(uint32_t, r) << shift);
}
static SOTTO_INLINE ScalarInts either(ScalarInts a, ScalarInts b) {
  for (int i = 0; i < 2; ++i) a.e[i] = static_cast<uint16_t>(a.e[i] | b.e[i]);
  return a;
}
static SOTTO_INLINE ScalarInts add32(ScalarInts a, ScalarInts b) {
  return __builtin_bit_cast(ScalarInts, __builtin_bit_cast(int32_t, a) + __builtin_bit_cast(int32_t, b));
}
static SOTTO_INLINE ScalarInts dot16(ScalarInts sum, ScalarInts w, ScalarInts a) {
  int32_t total = __builtin_bit_cast(int32_t, sum);
  for (int i = 0; i < 2; ++i) total += int32_t{static_cast<int16_t>(w.e[i])} * int32_t{static_cast<int16_t>(a.e[i])};
  return __builtin_bit_cast(ScalarInts, total);
}
static SOTTO_INLINE ScalarInts look_up(const int8_t* table, ScalarInts codes) {
  for (uint16_t& e : codes.e) e = static_cast<uint8_t>(table[e & 15]);
  return codes;
}
static SOTTO_INLINE ScalarInts extend8(ScalarInts r) {
  for (uint16_t& e : r.e) e = static_cast<uint16_t>(static_cast<int8_t>(e & 0xff));
  return r;
}
static SOTTO_INLINE float floats(ScalarInts r) {
  return static_cast<float>(__builtin_bit_cast(int32_t, r));
}

/// kWide: 16-bit codes and activations, two columns per step; otherwise as the target's ByteDot says.
template <class Arch, bool kWide>
struct Ints {
  static constexpr bool kWideNumbers = kWide;
  static constexpr ByteDot kDot = kWide ? ByteDot::widened : Arch::kByteDot;
  static constexpr bool kWidened = kDot == ByteDot::widened;
  static constexpr size_t kStep = kWidened ? 2 : 4;          // columns whose codes lie in one 32-bit lane
  static constexpr size_t kElementBytes = kWidened ? 2 : 1;  // of an activation, and of a code in an operand
  static constexpr size_t kRegisterBytes = Vec<Arch>::kLanes * 4;

  /// Column i of a step, and back. Neighbours; but where four bytes are multiplied at a time, 16-bit numbers go in pairs as the
  /// even and the odd ones of those four do, so that codes laid out for bytes can be taken apart for them
  /// (kernels/split_codes.inl.h).
  static constexpr bool kTwoApart = kWide && Arch::kByteDot != ByteDot::widened;
  static constexpr size_t column(size_t step, size_t i) { return kTwoApart ? step / 2 * 4 + step % 2 + 2 * i : step * kStep + i; }
  static constexpr size_t step_of(size_t column) { return kTwoApart ? column / 4 * 2 + column % 2 : column / kStep; }
  static constexpr size_t place_of(size_t column) { return kTwoApart ? column % 4 / 2 : column % kStep; }

  template <class T>
  struct RegisterOf {
    using Type = decltype(xsimd::batch<int32_t, T>{}.data);
  };
  template <class T>
    requires std::is_void_v<T>
  struct RegisterOf<T> {
    using Type = ScalarInts;
  };
  using Register = typename RegisterOf<typename Arch::Xsimd>::Type;

  static SOTTO_INLINE Register load(const std::byte* from) {
    Register r;
    simd::load(from, r);
    return r;
  }
  static SOTTO_INLINE Register load_widened(const std::byte* from) {
    Register r;
    simd::load_widened(from, r);
    return r;
  }
  static SOTTO_INLINE Register splat(int32_t x) {
    Register r;
    simd::all32(x, r);
    return r;
  }
  static SOTTO_INLINE Register splat16(int x) { return splat(static_cast<int32_t>(static_cast<uint16_t>(x) * 0x10001u)); }
  /// The kStep activations at `from`, in every lane.
  static SOTTO_INLINE Register broadcast(const std::byte* from) {
    int32_t x;
    __builtin_memcpy(&x, from, sizeof x);
    return splat(x);
  }
  /// Bits [shift, shift + bits) of every element, moved to `to`.
  static SOTTO_INLINE Register field(Register r, int shift, int bits, int to) {
    const int mask = (1 << bits) - 1, both = kWidened ? mask : mask | mask << 8;
    if (to >= shift) return simd::field(simd::put(r, to - shift), 0, both << to);
    return simd::field(r, shift - to, both << to);
  }
  static SOTTO_INLINE Register look_up(const int8_t* table, Register codes) {
    const Register bytes = simd::look_up(table, codes);
    if constexpr (kWidened)
      return simd::extend8(bytes);
    else
      return bytes;
  }
  static SOTTO_INLINE Vec<Arch> to_float(Register sums) { return {simd::floats(sums)}; }
};

}  // namespace sotto::simd
