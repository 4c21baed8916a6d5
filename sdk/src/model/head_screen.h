// ScreenMaker: the head's rows in 4 bits, and how far each lies from the row it stands for (ops/best_rows.h).
#pragma once

#include "model/weights_plan.h"
#include "ops/best_rows.h"

namespace sotto::model {

class ScreenMaker {
 public:
  /// `held`: the type of the rows that are given to make(). `arena`: what `item` has its offsets in.
  ScreenMaker(const kernels::KernelTable& kernels, quant::DType held, const ScreenItem& item, std::byte* arena);

  size_t scratch_bytes() const noexcept;
  /// Fills the screen of n_rows rows from first_row, which begins a group, on; row i lies at rows + i * stride and has n_cols
  /// columns. Threads may do different rows at once, each with its own scratch.
  void make(const std::byte* rows, size_t stride, size_t n_cols, size_t first_row, size_t n_rows, std::byte* scratch) const;
  /// When all rows were made.
  const ops::RowScreen& screen() const noexcept { return screen_; }

 private:
  size_t row_bytes() const noexcept {
    return static_cast<size_t>(*quant::row_bytes(quant::DType::q4_0, screen_.rounded.n_cols_padded));
  }

  const kernels::KernelTable* kernels_;
  const quant::TypeInfo* held_;
  ops::RowScreen screen_;
  std::byte* groups_;
  float* residual_norms_;
  float* norms_;
};

}  // namespace sotto::model
