// c += a * b for small matrices: the arithmetic of attention, scores as well as weighted values.
// Of floats every element of c adds its products one by one in the order of k, product and sum rounded apart; of integers it adds
// one exact sum, scaled. So the bits are the same for every tile shape and target.
#pragma once

#include <cstddef>

#include "simd/integers.h"

namespace sotto::kernels {

struct Matrices {
  const float* a;  // (n_rows, n_k)
  size_t a_stride;
  float* c;  // (n_rows, n_cols); n_cols is a multiple of 16
  size_t c_stride;
  size_t n_rows, n_cols, n_k;
};

template <class Arch>
struct FloatProducts {
  using V = simd::Vec<Arch>;
  using Sum = V;

  static SOTTO_INLINE Sum start(const float* c) { return V::load(c); }
  static SOTTO_INLINE V factor(const float* a) { return V::broadcast(*a); }
  static SOTTO_INLINE Sum add(Sum sum, V factor, V column) { return sum + factor * column; }
  static SOTTO_INLINE V end(Sum sum, const float*, size_t, size_t) { return sum; }
};

/// Numbers are pairs of 16-bit integers, whose two products are summed: c(row, column) += sum * (columns[column] * rows[row]).
template <class Arch>
struct PairProducts {
  using V = simd::Vec<Arch>;
  using I = simd::Ints<Arch, true>;
  using Sum = typename I::Register;

  const float* rows;
  const float* columns;

  static SOTTO_INLINE Sum start(const float*) { return I::splat(0); }
  static SOTTO_INLINE Sum factor(const float* a) { return I::broadcast(reinterpret_cast<const std::byte*>(a)); }
  static SOTTO_INLINE Sum add(Sum sum, Sum factor, Sum column) { return simd::dot16(sum, column, factor); }
  SOTTO_INLINE V end(Sum sum, const float* c, size_t row, size_t column) const {
    return V::load(c) + I::to_float(sum) * (V::load(columns + column) * V::broadcast(rows[row]));
  }
};

template <class Arch>
struct MultiplyAdd {
  using V = simd::Vec<Arch>;
  static constexpr size_t kMostRows = 4;  // that share one reading of b

  /// b(k, column): a register of (n_k, n_cols)
  template <class Rows, class Products>
  static void multiply_add(const Matrices& m, const Rows& b, const Products& products) {
    // A panel of b stays in the first-level cache while all rows pass over it.
    constexpr size_t kPanel = registers_for(kMostRows) * V::kLanes;
    size_t row = 0;
    if (m.n_rows >= kMostRows) {
      const size_t n_rows = m.n_rows / kMostRows * kMostRows;
      for (size_t column = 0; column < m.n_cols; column += kPanel) {
        const size_t width = m.n_cols - column < kPanel ? m.n_cols - column : kPanel;
        for (row = 0; row < n_rows; row += kMostRows) strip<kMostRows>(m, b, products, row, column, column + width);
      }
      row = n_rows;
    }
    switch (m.n_rows - row) {
      case 3:
        return strip<3>(m, b, products, row, 0, m.n_cols);
      case 2:
        return strip<2>(m, b, products, row, 0, m.n_cols);
      case 1:
        return strip<1>(m, b, products, row, 0, m.n_cols);
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
  template <size_t kRows, size_t kRegisters = registers_for(kRows), class Rows, class Products>
  static SOTTO_INLINE void strip(const Matrices& m, const Rows& b, const Products& products, size_t row, size_t begin, size_t end) {
    constexpr size_t kWidth = kRegisters * V::kLanes;
    for (; begin + kWidth <= end; begin += kWidth) tile<kRows, kRegisters>(m, b, products, row, begin);
    if constexpr (kRegisters > 1 && kWidth > simd::kPartialLanes) {
      if (begin < end) strip<kRows, kRegisters / 2>(m, b, products, row, begin, end);
    }
  }

  template <size_t kRows, size_t kRegisters, class Rows, class Products>
  static __attribute__((noinline)) void tile(const Matrices& m, const Rows& b, const Products& products, size_t row,
                                             size_t column) {
    const float* a[kRows];
    for (size_t r = 0; r < kRows; ++r) a[r] = m.a + (row + r) * m.a_stride;
    float* c = m.c + row * m.c_stride + column;
    typename Products::Sum sum[kRows][kRegisters];
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t i = 0; i < kRegisters; ++i) sum[r][i] = Products::start(c + r * m.c_stride + i * V::kLanes);
    }
    for (size_t k = 0; k < m.n_k; ++k) {
      typename Products::Sum columns[kRegisters];
      for (size_t i = 0; i < kRegisters; ++i) columns[i] = b(k, column + i * V::kLanes);
      for (size_t r = 0; r < kRows; ++r) {
        for (size_t i = 0; i < kRegisters; ++i) {
          if constexpr (kRegisters > 2) simd::load_anew(a[r]);  // of fewer, unrolling the loop is worth more
          sum[r][i] = Products::add(sum[r][i], Products::factor(a[r]), columns[i]);
        }
        ++a[r];
      }
    }
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t i = 0; i < kRegisters; ++i) {
        float* const to = c + r * m.c_stride + i * V::kLanes;
        products.end(sum[r][i], to, row + r, column + i * V::kLanes).store(to);
      }
    }
  }
};

}  // namespace sotto::kernels
