// What xsimd lacks for registers of floats: reading rows of half-precision and 8-bit numbers, and transposing a square of 512-bit
// registers. Overloads on the raw register; always inlined, so that no object file of one target lends its code to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE4_1__) && !defined(__wasm__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#define SOTTO_INLINE inline __attribute__((always_inline))

#if defined(__AVX512F__) || defined(__aarch64__)
#define SOTTO_WIDE_REGISTER_FILE 1
#else
#define SOTTO_WIDE_REGISTER_FILE 0
#endif

namespace sotto::simd {

#ifdef __wasm__
/// Zero, but only its own file knows (platform/wasm/hidden_zero.cpp).
extern const uint32_t kHiddenZero;
#endif

/// A constant in a register: made once in front of a loop. V8 sees through all but memory, and makes anew a vector that it knows at
/// every use, in three instructions.
static SOTTO_INLINE uint32_t variable(uint32_t constant) {
#ifdef __wasm__
  return constant ^ kHiddenZero;
#else
  return constant;
#endif
}

inline constexpr size_t kLine = 64;  // bytes of a cache line

/// Asks for the cache line at `from`, of whatever lies there, into the second-level cache, which has more lines on their way at a
/// time than the first.
static SOTTO_INLINE void read_ahead(const std::byte* from) {
  constexpr int kReading = 0, kSecondLevel = 2;  // as the compiler counts
  __builtin_prefetch(from, kReading, kSecondLevel);
}

/// What `from` points to is loaded anew, not kept in a register: AVX-512 multiplies with a number of memory in every lane at no
/// cost, where a broadcast of its own takes a turn of the arithmetic units.
template <class Number>
static SOTTO_INLINE void load_anew([[maybe_unused]] const Number*& from) {
#ifdef __AVX512F__
  asm("" : "+r"(from));
#endif
}

// load_i8(from, to): 8-bit integers become floats. load_16(from, to): 16-bit numbers become 32-bit integers, signs
// extended. load_f16(from, to): halves become floats, where an instruction does it (SOTTO_HAS_F16).

static SOTTO_INLINE void load_i8(const std::byte* from, float& to) {
  to = static_cast<float>(static_cast<int8_t>(*from));
}
static SOTTO_INLINE void load_16(const std::byte* from, uint32_t& to) {
  int16_t number;
  std::memcpy(&number, from, sizeof number);
  to = static_cast<uint32_t>(number);
}

#if defined(__SSE4_1__) && !defined(__wasm__)

static SOTTO_INLINE void load_i8(const std::byte* from, __m128& to) {
  to = _mm_cvtepi32_ps(_mm_cvtepi8_epi32(_mm_loadu_si32(from)));
}
static SOTTO_INLINE void load_16(const std::byte* from, __m128i& to) {
  to = _mm_cvtepi16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}

#ifdef __AVX2__
#define SOTTO_HAS_F16 1
static SOTTO_INLINE void load_i8(const std::byte* from, __m256& to) {
  to = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
static SOTTO_INLINE void load_16(const std::byte* from, __m256i& to) {
  to = _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
static SOTTO_INLINE void load_f16(const std::byte* from, __m256& to) {
  to = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
#endif

#ifdef __AVX512F__
static SOTTO_INLINE void load_i8(const std::byte* from, __m512& to) {
  to = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}
static SOTTO_INLINE void load_16(const std::byte* from, __m512i& to) {
  to = _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
static SOTTO_INLINE void load_f16(const std::byte* from, __m512& to) {
  to = _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
#endif

#elif defined(__aarch64__)

#define SOTTO_HAS_F16 1
static SOTTO_INLINE void load_i8(const std::byte* from, float32x4_t& to) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  to = vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(word))))));
}
static SOTTO_INLINE void load_16(const std::byte* from, uint32x4_t& to) {
  to = vreinterpretq_u32_s32(vmovl_s16(vld1_s16(reinterpret_cast<const int16_t*>(from))));
}
static SOTTO_INLINE void load_f16(const std::byte* from, float32x4_t& to) {
  to = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const uint16_t*>(from))));
}

#elif defined(__wasm_simd128__)

static SOTTO_INLINE void load_i8(const std::byte* from, v128_t& to) {
  to = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(from))));
}
static SOTTO_INLINE void load_16(const std::byte* from, v128_t& to) {
  to = wasm_i32x4_load16x4(from);
}

#endif

}  // namespace sotto::simd
