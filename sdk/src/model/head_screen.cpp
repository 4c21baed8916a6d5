#include "model/head_screen.h"

#include <algorithm>
#include <cmath>

namespace sotto::model {
namespace {

// Of sums of floats: a norm that is a little too long costs nothing, one too short would lose rows. Squares of numbers below 2^-75
// are zero.
float norm(float squares) {
  return std::sqrt(squares) * (1 + 0x1p-10f) + 0x1p-66f;
}

}  // namespace

ScreenMaker::ScreenMaker(const kernels::KernelTable& kernels, quant::DType held, const ScreenItem& item, std::byte* arena)
    : kernels_(&kernels),
      held_(&quant::info(held)),
      groups_(arena + item.offset),
      residual_norms_(reinterpret_cast<float*>(arena + item.residual_norms_offset)),
      norms_(reinterpret_cast<float*>(arena + item.norms_offset)) {
  screen_ = {item.rounded, residual_norms_, norms_};
  screen_.rounded.data = groups_;
}

size_t ScreenMaker::scratch_bytes() const noexcept {
  return screen_.rounded.n_cols_padded * sizeof(float) + screen_.rounded.rows_per_group * row_bytes();
}

void ScreenMaker::make(const std::byte* rows, size_t stride, size_t n_cols, size_t first_row, size_t n_rows,
                       std::byte* scratch) const {
  const PackedMatrix& matrix = screen_.rounded;
  const size_t n = matrix.n_cols_padded;
  float* const exact = reinterpret_cast<float*>(scratch);
  std::byte* const coded = scratch + n * sizeof(float);
  std::fill_n(exact, n, 0.0f);
  for (size_t row = 0; row < n_rows; ++row) {
    const size_t in_group = row % matrix.rows_per_group;
    held_->decode(rows + row * stride, n_cols, exact);
    const kernels::RoundedRow sums = kernels_->round_to_q4_0(exact, n, coded + in_group * row_bytes());
    norms_[first_row + row] = norm(std::max(sums.of_exact, sums.of_rounded));
    residual_norms_[first_row + row] = norm(sums.of_rest);
    if (in_group + 1 == matrix.rows_per_group || row + 1 == n_rows)
      kernels_->weights[static_cast<size_t>(matrix.type)].pack(
          coded, row_bytes(), in_group + 1, n, n, groups_ + (first_row + row) / matrix.rows_per_group * matrix.group_bytes);
  }
}

}  // namespace sotto::model
