// How BF16 is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/bf16.h"
#include "quant/packing.h"

namespace sotto::quant::bf16 {

struct Packing {
  static constexpr size_t kBytes = 2;

  template <class Arch>
  static SOTTO_INLINE simd::Vec<Arch> load(const std::byte* from) {
    return simd::Vec<Arch>::load_bf16(from);
  }
};

}  // namespace sotto::quant::bf16
