#include "cpu_features.h"

#include <thread>

#include "thread_wait.h"

namespace sotto {

CpuFeatures cpu_features() noexcept {
  CpuFeatures features;
#if defined(__wasm_simd128__)
  features.wasm_simd128 = true;
#endif
#if defined(__wasm_relaxed_simd__)
  features.wasm_relaxed_simd = true;
#endif
  return features;
}

// A browser tells logical cores only.
size_t physical_cores() noexcept {
  return kHasThreads ? std::thread::hardware_concurrency() : 1;
}

}  // namespace sotto
