// The head's rows in 4 bits: their norms are no shorter than they are, and the plan holds a screen where it pays.
#include "model/head_screen.h"

#include <cmath>

#include "model_test.h"
#include "support/tiny_model.h"

namespace sotto::model {
namespace {

TEST(HeadScreen, NormsAreNoShorterThanTheyAre) {
  const kernels::KernelTable& kernels = best_kernels();
  const quant::TypeInfo &held = quant::info(quant::DType::q8_0), &rounded = quant::info(quant::DType::q4_0);
  const size_t n_rows = 37, n_cols = 96;
  std::vector<float> numbers(n_rows * n_cols);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<float>(i * i % 1013));
  const size_t row_bytes = n_cols / held.block_size * held.block_bytes;
  std::vector<std::byte> rows(n_rows * row_bytes);
  held.encode(numbers.data(), numbers.size(), rows.data());
  held.decode(rows.data(), numbers.size(), numbers.data());

  ScreenItem item;
  const kernels::WeightKernels& kernel = kernels.weights[static_cast<size_t>(quant::DType::q4_0)];
  item.rounded = {nullptr, quant::DType::q4_0, n_rows, n_cols, n_cols, kernel.rows_per_group, kernel.group_bytes(n_cols)};
  item.residual_norms_offset = round_up(item.rounded.bytes(), 64);
  item.norms_offset = item.residual_norms_offset + n_rows * sizeof(float);
  std::vector<std::byte> arena(item.norms_offset + n_rows * sizeof(float) + 64);
  std::byte* const base = arena.data() + (64 - reinterpret_cast<uintptr_t>(arena.data()) % 64);
  const ScreenMaker maker(kernels, held.type, item, base);
  std::vector<float> scratch(maker.scratch_bytes() / sizeof(float) + 1);
  const size_t half = 2 * kernel.rows_per_group <= n_rows ? kernel.rows_per_group : 0;  // in two calls, where rows are enough
  maker.make(rows.data(), row_bytes, n_cols, 0, half, reinterpret_cast<std::byte*>(scratch.data()));
  maker.make(rows.data() + half * row_bytes, row_bytes, n_cols, half, n_rows - half, reinterpret_cast<std::byte*>(scratch.data()));

  const ops::RowScreen& screen = maker.screen();
  std::vector<float> unpacked(n_cols), wanted(n_cols);
  std::vector<std::byte> coded(n_cols / rounded.block_size * rounded.block_bytes);
  for (size_t r = 0; r < n_rows; ++r) {
    const float* exact = numbers.data() + r * n_cols;
    gather_row(kernels, screen.rounded, r, unpacked.data());
    kernels.round_to_q4_0(exact, n_cols, coded.data());
    rounded.decode(coded.data(), n_cols, wanted.data());
    EXPECT_EQ(unpacked, wanted) << "row " << r;
    double residual = 0, of_exact = 0, of_rounded = 0;
    for (size_t c = 0; c < n_cols; ++c) {
      residual += std::pow(double{exact[c]} - double{unpacked[c]}, 2);
      of_exact += std::pow(double{exact[c]}, 2);
      of_rounded += std::pow(double{unpacked[c]}, 2);
    }
    const double norm = std::sqrt(std::max(of_exact, of_rounded));
    EXPECT_GE(screen.residual_norms[r], std::sqrt(residual));
    EXPECT_LE(screen.residual_norms[r], std::sqrt(residual) * 1.01);
    EXPECT_GE(screen.norms[r], norm);
    EXPECT_LE(screen.norms[r], norm * 1.01);
  }
}

}  // namespace
}  // namespace sotto::model
