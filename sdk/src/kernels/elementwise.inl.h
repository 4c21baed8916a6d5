// Kernels whose every output depends on one place of each input: activations, rotation, sums, soft cap.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Elementwise {
  using V = simd::Vec<Arch>;

  static void activate(Activation activation, const float* gate, const float* up, size_t n, float* out) {
    switch (activation) {
      case Activation::silu:
        return apply(gate, up, n, out, [](V x) { return simd::silu(x); });
      case Activation::gelu_tanh:
        return apply(gate, up, n, out, [](V x) { return simd::gelu_tanh(x); });
      case Activation::gelu_erf:
        return apply(gate, up, n, out, [](V x) { return simd::gelu_erf(x); });
      case Activation::relu:
        return apply(gate, up, n, out, [zero = V::broadcast(0.0f)](V x) { return select(x < zero, zero, x); });
    }
  }

  static void rope(float* heads, size_t n_heads, size_t head_dim, size_t rotary_dim, RopePairs pairs, const float* cos,
                   const float* sin) {
    const size_t n_pairs = rotary_dim / 2;
    for (size_t h = 0; h < n_heads; ++h, heads += head_dim) {
      if (pairs == RopePairs::halves) {
        float* second = heads + n_pairs;
        for_each_register<Arch>(n_pairs, [&](auto at) {
          const V x = at(heads), y = at(second), c = at(cos), s = at(sin);
          at.store(x * c - y * s, heads);
          at.store(y * c + x * s, second);
        });
      } else {
        for (size_t i = 0; i < n_pairs; ++i) {
          const float x = heads[2 * i], y = heads[2 * i + 1];
          heads[2 * i] = x * cos[i] - y * sin[i];
          heads[2 * i + 1] = y * cos[i] + x * sin[i];
        }
      }
    }
  }

  static void add(const float* x, float* y, size_t n) {
    map_rows<Arch>(n, y, [&](auto at) { return at(y) + at(x); });
  }

  static void scale(float factor, float* x, size_t n) {
    map_rows<Arch>(n, x, [&, all = V::broadcast(factor)](auto at) { return at(x) * all; });
  }

  static void soft_cap(float cap, float* x, size_t n) {
    map_rows<Arch>(n, x, [&, all = V::broadcast(cap)](auto at) { return all * simd::tanh(at(x) / all); });
  }

 private:
  template <class Function>
  static SOTTO_INLINE void apply(const float* gate, const float* up, size_t n, float* out, Function f) {
    if (up == nullptr) {
      map_rows<Arch>(n, out, [&](auto at) { return f(at(gate)); });
    } else {
      map_rows<Arch>(n, out, [&](auto at) { return f(at(gate)) * at(up); });
    }
  }
};

}  // namespace sotto::kernels
