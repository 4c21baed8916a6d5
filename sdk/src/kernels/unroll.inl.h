// Loops whose counters are constants of the compiler: shifts become immediates, arrays of registers stay in registers.
#pragma once

#include <utility>

#include "simd/vec.h"

namespace sotto::kernels {

/// f(constant 0), f(constant 1), ..., f(constant n - 1)
template <size_t n, class F>
static SOTTO_INLINE void unroll(F f) {
  [&]<size_t... i>(std::index_sequence<i...>)
      __attribute__((always_inline)) { (f(std::integral_constant<size_t, i>{}), ...); }(std::make_index_sequence<n>{});
}

}  // namespace sotto::kernels
