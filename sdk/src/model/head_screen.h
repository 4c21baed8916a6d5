// ScreenMaker: what tells the best rows of the head without reading all of it whole (ops/best_rows.h).
#pragma once

#include "model/weights_plan.h"
#include "ops/best_rows.h"

namespace sotto::model {

class ScreenMaker {
 public:
  /// `head`: as the plan holds it. `arena`: what `item` has its offsets in.
  ScreenMaker(const kernels::KernelTable& kernels, const PackedMatrix& head, const ScreenItem& item, std::byte* arena);

  size_t scratch_bytes() const noexcept;
  /// Fills the screen of n_rows rows from first_row, which begins a group, on; but for the high halves of a split head, which are
  /// its own. Row i lies at rows + i * stride and has n_cols columns of the head's type. Threads may do different rows at once,
  /// each with its own scratch.
  void make(const std::byte* rows, size_t stride, size_t n_cols, size_t first_row, size_t n_rows, std::byte* scratch) const;
  /// When all rows were made.
  const ops::RowScreen& screen() const noexcept { return screen_; }

 private:
  size_t row_bytes() const noexcept {
    return static_cast<size_t>(*quant::row_bytes(quant::DType::q8_0, screen_.high.n_cols_padded));
  }

  const kernels::KernelTable* kernels_;
  const quant::TypeInfo* held_;
  bool split_;
  ops::RowScreen screen_;
  std::byte* groups_;
  float* rests_;
};

}  // namespace sotto::model
