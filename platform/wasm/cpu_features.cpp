#include "cpu_features.h"

#include <thread>

#include "thread_wait.h"

namespace sotto {

CpuFeatures cpu_features() noexcept {
  // A machine that lacks what a module has in it refuses the module; what it has in it is for who builds it to choose.
  CpuFeatures features;
  features.wasm_simd128 = true;
  features.wasm_relaxed_simd = true;
  return features;
}

// A browser tells logical cores only.
size_t physical_cores() noexcept {
  return kHasThreads ? std::thread::hardware_concurrency() : 1;
}

}  // namespace sotto
