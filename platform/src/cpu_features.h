// What this machine can execute, as plain flags. On wasm they are fixed by the build.
#pragma once

#include <cstddef>

namespace sotto {

struct CpuFeatures {
  bool sse41 = false;
  bool avx2_fma_f16c = false;  // AVX2, FMA and F16C, and the operating system saves ymm registers
  bool avx_vnni = false;
  bool avx512_vnni = false;  // AVX512 F, BW, DQ, VL and VNNI, and the operating system saves zmm registers
  bool neon = false;
  bool neon_dotprod = false;
  bool neon_i8mm = false;
  bool wasm_simd128 = false;
  bool wasm_relaxed_simd = false;
};

CpuFeatures cpu_features() noexcept;

/// Cores this process may use, hyperthreads of one core counted once; logical cores where the system does not tell.
size_t physical_cores() noexcept;

}  // namespace sotto
