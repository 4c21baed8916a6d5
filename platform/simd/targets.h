// The SIMD targets as types: what kernel templates are instantiated with. One row in sdk/src/kernels/targets.cmake compiles them
// for each; machine primitives beside xsimd are overloads in registers.h and integers.h. xsimd's types differ for all targets that
// one build compiles, so that no function of one target is merged with that of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace sotto::simd {

/// How a target multiplies 8-bit codes with 8-bit activations.
enum class ByteDot : uint8_t {
  widened,          // not at all: codes and activations become 16 bits, two columns per step
  pairs,            // unsigned codes, neighbouring products summed in 16 bits, four columns per step
  unsigned_direct,  // unsigned codes, four products summed in 32 bits
  signed_direct,    // the same for signed codes
};

/// What a matrix kernel computes at once.
struct TileShape {
  size_t vectors;  // registers of rows, which share one load of activations
  size_t tokens;   // at most; activations are prepared in tiles of as many
};

/// kBytes: of 8-bit activations; kWide: of 16-bit ones and floats. kRolledSteps: the innermost loop stays a loop.
struct Scalar {
  using Xsimd = void;
  static constexpr ByteDot kByteDot = ByteDot::widened;
  static constexpr TileShape kBytes{4, 1}, kWide{4, 1};
  static constexpr bool kRolledSteps = false;
};

#if defined(__wasm_simd128__)
struct WasmSimd128 {
  using Xsimd = xsimd::wasm;
  static constexpr ByteDot kByteDot = ByteDot::widened;
  static constexpr TileShape kBytes{2, 4}, kWide{2, 4};
  static constexpr bool kRolledSteps = true;
};
#if defined(__wasm_relaxed_simd__)
struct WasmRelaxed {
  using Xsimd = xsimd::wasm;
  static constexpr ByteDot kByteDot = ByteDot::pairs;
  static constexpr TileShape kBytes{2, 4}, kWide{2, 4};
  static constexpr bool kRolledSteps = true;
};
#endif
#endif

#if defined(__SSE4_1__) && !defined(__wasm__)
struct Sse41 {
  using Xsimd = xsimd::sse4_1;
  static constexpr ByteDot kByteDot = ByteDot::pairs;
  static constexpr TileShape kBytes{2, 4}, kWide{2, 4};
  static constexpr bool kRolledSteps = false;
};
#endif
#if defined(__AVX2__)
struct Avx2 {
  using Xsimd = xsimd::fma3<xsimd::avx2>;
  static constexpr ByteDot kByteDot = ByteDot::pairs;
  static constexpr TileShape kBytes{1, 8}, kWide{2, 6};
  static constexpr bool kRolledSteps = false;
};
#endif
#if defined(__AVXVNNI__)
struct AvxVnni {
  using Xsimd = xsimd::avxvnni;
  static constexpr ByteDot kByteDot = ByteDot::unsigned_direct;
  static constexpr TileShape kBytes{1, 8}, kWide{2, 6};
  static constexpr bool kRolledSteps = false;
};
#endif
#if defined(__AVX512VNNI__)
struct Avx512Vnni {
  using Xsimd = xsimd::avx512vnni<xsimd::avx512bw>;
  static constexpr ByteDot kByteDot = ByteDot::unsigned_direct;
  static constexpr TileShape kBytes{1, 8}, kWide{1, 8};
  static constexpr bool kRolledSteps = false;
};
#endif

#if defined(__aarch64__)
struct Neon {
  using Xsimd = xsimd::neon64;
  static constexpr ByteDot kByteDot = ByteDot::widened;
  static constexpr TileShape kBytes{2, 8}, kWide{2, 8};
  static constexpr bool kRolledSteps = false;
};
#if defined(__ARM_FEATURE_DOTPROD)
struct NeonDotprod {
  using Xsimd = xsimd::neon64;
  static constexpr ByteDot kByteDot = ByteDot::signed_direct;
  static constexpr TileShape kBytes{2, 8}, kWide{2, 8};
  static constexpr bool kRolledSteps = false;
};
#endif
#endif

}  // namespace sotto::simd
