// One number out of a row of logits: max, argmax, exp_sum, all_finite. (n)
#pragma once

#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Reduce {
  using V = simd::Vec<Arch>;
  static constexpr float kInfinity = __builtin_inff();

  static bool all_finite(const float* x, size_t n) {
    // 0 * x is zero for every number, NaN for infinities and NaN.
    const V zero = V::broadcast(0.0f);
    return accumulate<Arch>(n, 0.0f, [&](V sum, auto at) { return sum + zero * at(x); }).sum() == 0.0f;
  }

  /// NaN is passed over.
  static float max(const float* x, size_t n) {
    return accumulate<Arch>(n, -kInfinity, [&](V largest, auto at) { return simd::larger(at(x, -kInfinity), largest); }).max();
  }

  static size_t argmax(const float* x, size_t n) {
    const float largest = max(x, n);
    const V all = V::broadcast(largest);
    size_t i = 0;
    while (i + V::kLanes <= n && !any_equal(V::load(x + i), all)) i += V::kLanes;
    while (i < n && x[i] != largest) ++i;
    return i < n ? i : 0;
  }

  static double exp_sum(const float* x, float shift, size_t n, float* out) {
    // Sums in float stay short: the double between blocks keeps 262,144 small terms beside a large one.
    constexpr size_t kBlock = 256;
    const V all = V::broadcast(shift);
    double sum = 0.0;
    for (size_t start = 0; start < n; start += kBlock) {
      const float* block = x + start;
      sum += accumulate<Arch>(n - start < kBlock ? n - start : kBlock, 0.0f, [&](V so_far, auto at) {
               const V y = simd::exp(at(block, -kInfinity) - all);
               if (out != nullptr) at.store(y, out + start);
               return so_far + y;
             }).sum();
    }
    return sum;
  }
};

}  // namespace sotto::kernels
