// rms_norm and layer_norm of one row. (n)
#pragma once

#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Norm {
  using V = simd::Vec<Arch>;

  static void rms_norm(const float* x, const float* weight, float eps, size_t n, float* out) {
    const float squares = accumulate<Arch>(n, 0.0f, [&](V sum, auto at) {
                            const V value = at(x);
                            return sum + value * value;
                          }).sum();
    const V factor = V::broadcast(1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + eps));
    if (weight == nullptr) {
      map_rows<Arch>(n, out, [&](auto at) { return at(x) * factor; });
    } else {
      map_rows<Arch>(n, out, [&](auto at) { return at(x) * factor * at(weight); });
    }
  }

  static void layer_norm(const float* x, const float* weight, const float* bias, float eps, size_t n, float* out) {
    const float sum = accumulate<Arch>(n, 0.0f, [&](V so_far, auto at) { return so_far + at(x); }).sum();
    const float mean_value = sum / static_cast<float>(n);
    const V mean = V::broadcast(mean_value);
    const float squares = accumulate<Arch>(n, 0.0f, [&](V so_far, auto at) {
                            const V difference = at(x, mean_value) - mean;
                            return so_far + difference * difference;
                          }).sum();
    const V factor = V::broadcast(1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + eps));
    const V one = V::broadcast(1.0f), zero = V::broadcast(0.0f);
    map_rows<Arch>(n, out, [&](auto at) {
      return (at(x) - mean) * factor * (weight != nullptr ? at(weight) : one) + (bias != nullptr ? at(bias) : zero);
    });
  }
};

}  // namespace sotto::kernels
