// How the float kernels walk over rows: register by register, the last one partly filled, and sums in PartialLanes.
// `at(x)` in a step is the register of row x at the current place; lanes past the end hold `fill`. `at.store(v, out)` writes it
// back.
#pragma once

#include <cstddef>

#include "simd/math.h"

namespace sotto::kernels {

template <class Arch>
struct WholeRegister {
  size_t i;

  SOTTO_INLINE simd::Vec<Arch> operator()(const float* x, float = 0.0f) const { return simd::Vec<Arch>::load(x + i); }
  SOTTO_INLINE void store(simd::Vec<Arch> v, float* out) const { v.store(out + i); }
};

template <class Arch>
struct PartialRegister {
  size_t i, n;

  SOTTO_INLINE simd::Vec<Arch> operator()(const float* x, float fill = 0.0f) const {
    return simd::load_first<Arch>(x + i, n, fill);
  }
  SOTTO_INLINE void store(simd::Vec<Arch> v, float* out) const { simd::store_first<Arch>(v, out + i, n); }
};

template <class Arch, class Step>
SOTTO_INLINE void for_each_register(size_t n, Step step) {
  constexpr size_t kLanes = simd::Vec<Arch>::kLanes;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) step(WholeRegister<Arch>{i});
  if (i < n) step(PartialRegister<Arch>{i, n - i});
}

/// out[i] = f(at) for i in [0, n)
template <class Arch, class Function>
SOTTO_INLINE void map_rows(size_t n, float* out, Function f) {
  for_each_register<Arch>(n, [&](auto at) { at.store(f(at), out); });
}

/// Lane l of the result: lane = step(lane, at) over elements l, l+16, l+32, ..., from `start`.
template <class Arch, class Step>
SOTTO_INLINE simd::PartialLanes<Arch> accumulate(size_t n, float start, Step step) {
  using Lanes = simd::PartialLanes<Arch>;
  constexpr size_t kLanes = simd::Vec<Arch>::kLanes;
  Lanes lanes = Lanes::broadcast(start);
  size_t i = 0;
  for (; i + simd::kPartialLanes <= n; i += simd::kPartialLanes) {
    for (size_t r = 0; r < Lanes::kRegisters; ++r) lanes.part[r] = step(lanes.part[r], WholeRegister<Arch>{i + r * kLanes});
  }
  for (size_t r = 0; i < n; ++r, i += kLanes) {
    lanes.part[r] = step(lanes.part[r], PartialRegister<Arch>{i, n - i < kLanes ? n - i : kLanes});
  }
  return lanes;
}

}  // namespace sotto::kernels
