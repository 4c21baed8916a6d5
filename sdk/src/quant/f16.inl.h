// How F16 is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/f16.h"
#include "quant/packing.h"

namespace sotto::quant::f16 {

struct Packing {
  static constexpr size_t kBytes = 2;

  template <class Arch>
  static SOTTO_INLINE simd::Vec<Arch> load(const std::byte* from) {
    return simd::Vec<Arch>::load_f16(from);
  }
};

}  // namespace sotto::quant::f16
