// PackedMatrix: a view of a weight matrix in the layout of one kernel table. Views never own; the model's arena does.
#pragma once

#include <cstddef>

#include "quant/all.h"

namespace sotto {

/// Smallest multiple of `unit` that is at least n.
constexpr size_t round_up(size_t n, size_t unit) noexcept {
  return (n + unit - 1) / unit * unit;
}

struct PackedMatrix {
  const std::byte* data = nullptr;  // ceil(n_rows / rows_per_group) groups; nullptr: the model has no such matrix
  quant::DType type{};
  size_t n_rows = 0;         // outputs
  size_t n_cols = 0;         // inputs
  size_t n_cols_padded = 0;  // columns in the pack, zeros behind n_cols: a multiple of kernels::kColumnBlock
  size_t rows_per_group = 1;
  size_t group_bytes = 0;
  // Of a matrix whose codes are cut in halves (kernels::SplitKernels): as many groups of the low ones, while `data` has the high
  // ones.
  const std::byte* low = nullptr;
  size_t low_group_bytes = 0;  // 0: codes are whole

  explicit operator bool() const noexcept { return data != nullptr; }
  size_t n_groups() const noexcept { return (n_rows + rows_per_group - 1) / rows_per_group; }
  bool split() const noexcept { return low_group_bytes != 0; }
  const std::byte* low_group(size_t i) const noexcept { return split() ? low + i * low_group_bytes : nullptr; }
  size_t bytes() const noexcept { return n_groups() * (group_bytes + low_group_bytes); }
};

}  // namespace sotto
