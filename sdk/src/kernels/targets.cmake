# The list of SIMD targets: name, type in platform/simd/targets.h, flag of CpuFeatures it needs, compiler flags. Slowest first, per kind of
# machine. Adding a target: its primitives in platform/simd and a row here. Tuned for other processors, clang takes vpdpwssd apart.
set(SOTTO_TARGETS "scalar:Scalar:-:")
if(EMSCRIPTEN)
  list(APPEND SOTTO_TARGETS
    "wasm_simd128:WasmSimd128:wasm_simd128:"
    "wasm_relaxed:WasmRelaxed:wasm_relaxed_simd:-mrelaxed-simd")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  list(APPEND SOTTO_TARGETS
    "sse41:Sse41:sse41:-msse4.1"
    "avx2:Avx2:avx2_fma_f16c:-mavx2 -mfma -mf16c -mtune=znver3"
    "avx_vnni:AvxVnni:avx_vnni:-mavx2 -mfma -mf16c -mavxvnni -mtune=znver4"
    "avx512_vnni:Avx512Vnni:avx512_vnni:-mavx2 -mfma -mf16c -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mtune=znver4")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  list(APPEND SOTTO_TARGETS
    "neon:Neon:neon:"
    "neon_dotprod:NeonDotprod:neon_dotprod:-march=armv8.2-a+dotprod")
endif()
