#include "model/head_screen.h"

#include <algorithm>

namespace sotto::model {

ScreenMaker::ScreenMaker(const kernels::KernelTable& kernels, const PackedMatrix& head, const ScreenItem& item, std::byte* arena)
    : kernels_(&kernels),
      held_(&quant::info(head.type)),
      split_(head.split()),
      screen_{item.high, nullptr},
      groups_(arena + item.high_offset),
      rests_(reinterpret_cast<float*>(arena + item.rests_offset)) {
  screen_.high.data = groups_;
  screen_.rests = rests_;
}

size_t ScreenMaker::scratch_bytes() const noexcept {
  return split_ ? 0 : screen_.high.n_cols_padded * sizeof(float) + screen_.high.rows_per_group * row_bytes();
}

void ScreenMaker::make(const std::byte* rows, size_t stride, size_t n_cols, size_t first_row, size_t n_rows,
                       std::byte* scratch) const {
  const kernels::SplitKernels& kernels = kernels_->split;
  if (split_) {
    for (size_t row = 0; row < n_rows; ++row)
      rests_[first_row + row] = ops::rest_bound(kernels.rest(rows + row * stride, nullptr, n_cols));
    return;
  }
  const PackedMatrix& high = screen_.high;
  const size_t n = high.n_cols_padded;
  float* const exact = reinterpret_cast<float*>(scratch);
  std::byte* const coded = scratch + n * sizeof(float);
  std::fill_n(exact, n, 0.0f);
  for (size_t row = 0; row < n_rows; ++row) {
    const size_t in_group = row % high.rows_per_group;
    std::byte* const blocks = coded + in_group * row_bytes();
    held_->decode(rows + row * stride, n_cols, exact);
    quant::info(high.type).encode(exact, n, blocks);
    rests_[first_row + row] = ops::rest_bound(kernels.rest(blocks, exact, n));
    if (in_group + 1 == high.rows_per_group || row + 1 == n_rows)
      kernels.pack(coded, row_bytes(), in_group + 1, n, n, groups_ + (first_row + row) / high.rows_per_group * high.group_bytes,
                   nullptr);
  }
}

}  // namespace sotto::model
