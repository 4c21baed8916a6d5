// c += a * b for small float matrices: the arithmetic of attention, scores as well as weighted values.
// Every element of c adds its products one by one in the order of k, product and sum rounded apart: the same bits for every tile
// shape and target.
#pragma once

#include <cstddef>

#include "simd/vec.h"

namespace sotto::kernels {

struct Matrices {
  const float* a;  // (n_rows, n_k)
  size_t a_stride;
  float* c;  // (n_rows, n_cols); n_cols is a multiple of 16
  size_t c_stride;
  size_t n_rows, n_cols, n_k;
};

/// b, (n_k, n_cols), a register at a time.
template <class Arch>
struct FloatRows {
  const float* b;
  size_t stride;

  SOTTO_INLINE simd::Vec<Arch> operator()(size_t k, size_t column) const { return simd::Vec<Arch>::load(b + k * stride + column); }
};

template <class Arch>
struct MultiplyAdd {
  using V = simd::Vec<Arch>;
  static constexpr size_t kMostRows = 4;  // that share one reading of b

  template <class Rows>
  static void multiply_add(const Matrices& m, const Rows& b) {
    // A panel of b stays in the first-level cache while all rows pass over it.
    constexpr size_t kPanel = registers_for(kMostRows) * V::kLanes;
    size_t row = 0;
    if (m.n_rows >= kMostRows) {
      const size_t n_rows = m.n_rows / kMostRows * kMostRows;
      for (size_t column = 0; column < m.n_cols; column += kPanel) {
        const size_t width = m.n_cols - column < kPanel ? m.n_cols - column : kPanel;
        for (row = 0; row < n_rows; row += kMostRows) strip<kMostRows>(m, b, row, column, column + width);
      }
      row = n_rows;
    }
    switch (m.n_rows - row) {
      case 3:
        return strip<3>(m, b, row, 0, m.n_cols);
      case 2:
        return strip<2>(m, b, row, 0, m.n_cols);
      case 1:
        return strip<1>(m, b, row, 0, m.n_cols);
      default:
        return;
    }
  }

 private:
  static constexpr size_t registers_for(size_t rows) {
    size_t registers = 8;
    while (registers > 1 && registers * rows > simd::kAccumulators<Arch>) registers /= 2;
    return registers;
  }

  // Columns begin .. end of kRows rows, as many registers wide as there are accumulators for, then halves of it.
  template <size_t kRows, size_t kRegisters = registers_for(kRows), class Rows>
  static SOTTO_INLINE void strip(const Matrices& m, const Rows& b, size_t row, size_t begin, size_t end) {
    constexpr size_t kWidth = kRegisters * V::kLanes;
    for (; begin + kWidth <= end; begin += kWidth) tile<kRows, kRegisters>(m, b, row, begin);
    if constexpr (kRegisters > 1 && kWidth > simd::kPartialLanes) {
      if (begin < end) strip<kRows, kRegisters / 2>(m, b, row, begin, end);
    }
  }

  template <size_t kRows, size_t kRegisters, class Rows>
  static __attribute__((noinline)) void tile(const Matrices& m, const Rows& b, size_t row, size_t column) {
    const float* a = m.a + row * m.a_stride;
    float* c = m.c + row * m.c_stride + column;
    V sum[kRows][kRegisters];
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t i = 0; i < kRegisters; ++i) sum[r][i] = V::load(c + r * m.c_stride + i * V::kLanes);
    }
    for (size_t k = 0; k < m.n_k; ++k, ++a) {
      V columns[kRegisters];
      for (size_t i = 0; i < kRegisters; ++i) columns[i] = b(k, column + i * V::kLanes);
      for (size_t r = 0; r < kRows; ++r) {
        const V factor = V::broadcast(a[r * m.a_stride]);
        for (size_t i = 0; i < kRegisters; ++i) sum[r][i] = sum[r][i] + factor * columns[i];
      }
    }
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t i = 0; i < kRegisters; ++i) sum[r][i].store(c + r * m.c_stride + i * V::kLanes);
    }
  }
};

}  // namespace sotto::kernels
