// How F32 is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/f32.h"
#include "quant/packing.h"

namespace sotto::quant::f32 {

struct Packing {
  static constexpr size_t kBytes = 4;

  template <class Arch>
  static SOTTO_INLINE simd::Vec<Arch> load(const std::byte* from) {
    return simd::Vec<Arch>::load(reinterpret_cast<const float*>(from));
  }
};

}  // namespace sotto::quant::f32
