#include "ops/best_rows.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "ops/linear.h"

namespace sotto::ops {
namespace {

using kernels::KernelTable;

// The first guess at the best rows is the best one of each chunk: exact outputs of the n_best best chunks set the threshold. A
// chunk is a multiple of every target's rows per group and of a cache line of floats.
constexpr size_t kChunk = 64;
constexpr size_t kChunksPerBest = 8;

struct Pick {
  float output;
  uint32_t row;
};

size_t n_chunks(size_t n_rows) {
  return (n_rows + kChunk - 1) / kChunk;
}

/// The products of x with a row and with the rounded row lie at most residual_norm * x_norm + norm * slack apart.
struct Distance {
  float x_norm, slack;
};

// x is rounded too, as KernelTable::quantize_activations does it: to 8 bits beside the rounded rows, as `exact` says beside the
// others. What sums of floats lose is over no more terms than there are columns.
Distance distance(const float* x, size_t n_cols, quant::ActivationFormat exact) {
  const double roundings = exact == quant::ActivationFormat::i8 ? 2 : 1.01;
  constexpr double kCodes = 127, kRoundedUp = 1 + 1e-6, kStepSlack = 1e-5;
  constexpr double kFloatRoundings = 4 * 0x1p-24, kTakenForZero = 0x1p-96;
  double squares = 0, lost_squares = 0;
  for (size_t c = 0; c < n_cols; c += kernels::kColumnBlock) {
    const size_t end = std::min(c + kernels::kColumnBlock, n_cols);
    double largest = 0;
    for (size_t i = c; i < end; ++i) largest = std::max(largest, std::fabs(static_cast<double>(x[i])));
    const double step = largest / kCodes, per_step = largest > 0 ? kCodes / largest : 0;
    for (size_t i = c; i < end; ++i) {
      const double steps = x[i] * per_step, lost = (std::fabs(steps - std::nearbyint(steps)) + kStepSlack) * step;
      squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      lost_squares += lost * lost;
    }
  }
  const double norm = std::sqrt(squares), lost = std::sqrt(lost_squares) * roundings;
  return {static_cast<float>(norm * kRoundedUp),
          static_cast<float>((lost + kFloatRoundings * static_cast<double>(n_cols + 8) * norm + kTakenForZero) * kRoundedUp)};
}

// Groups of rows of a product with one token whose rounded activations are at hand.
class ExactRows {
 public:
  ExactRows(const KernelTable& kernels, const PackedMatrix& weight, const std::byte* activations, float* out)
      : kernel_(kernels.weights[static_cast<size_t>(weight.type)]), weight_(weight), activations_(activations), out_(out) {}

  size_t group_of(size_t row) const { return row / weight_.rows_per_group; }
  size_t first_row(size_t group) const { return group * weight_.rows_per_group; }
  size_t n_rows(size_t group) const { return std::min(weight_.rows_per_group, weight_.n_rows - first_row(group)); }

  /// False: an output is not finite.
  bool compute(size_t group) const {
    const size_t n = n_rows(group);
    float* const out = out_ + first_row(group);
    kernel_.matmul({.groups = weight_.data + group * weight_.group_bytes,
                    .n_groups = 1,
                    .n_rows = n,
                    .n_cols = weight_.n_cols_padded,
                    .activations = activations_,
                    .n_tokens = 1,
                    .out = out,
                    .out_stride = n,
                    .bias = nullptr,
                    .accumulate = false});
    return std::all_of(out, out + n, [](float x) { return std::isfinite(x); });
  }

 private:
  const kernels::WeightKernels& kernel_;
  const PackedMatrix& weight_;
  const std::byte* activations_;
  float* out_;
};

}  // namespace

bool screening_pays(size_t n_best, size_t n_rows) noexcept {
  return n_best != 0 && n_best <= n_chunks(n_rows) / kChunksPerBest;
}

uint64_t best_rows_scratch_bytes(size_t n_rows) noexcept {
  return n_chunks(n_rows) * uint64_t{sizeof(Pick)};
}

bool best_rows(const OpContext& context, const float* x, const PackedMatrix& weight, const RowScreen& screen, size_t n_best,
               float* out, std::byte* scratch, std::byte* picks_memory) {
  const KernelTable& kernels = context.kernels;
  const LinearPart rounded{&screen.rounded, nullptr, out, weight.n_rows};
  linear(context, x, weight.n_cols, 1, std::span(&rounded, 1), scratch);
  const quant::ActivationFormat format = quant::info(weight.type).activations;
  kernels.quantize_activations(format, x, weight.n_cols, 1, weight.n_cols, weight.n_cols_padded, scratch);
  const ExactRows exact(kernels, weight, scratch, out);

  Pick* const picks = reinterpret_cast<Pick*>(picks_memory);
  Pick* const end = picks + n_chunks(weight.n_rows);
  context.pool.parallel_for(n_chunks(weight.n_rows), kChunk, [&](size_t first, size_t last, size_t) {
    for (size_t i = first; i < last; ++i) {
      const float* rows = out + i * kChunk;
      const size_t best = kernels.argmax(rows, std::min(kChunk, weight.n_rows - i * kChunk));
      // Not a number comes first: its exact output tells.
      picks[i] = {std::isnan(rows[best]) ? std::numeric_limits<float>::infinity() : rows[best],
                  static_cast<uint32_t>(i * kChunk + best)};
    }
  });
  std::nth_element(picks, picks + n_best, end, [](const Pick& a, const Pick& b) { return a.output > b.output; });

  std::atomic<bool> finite{true};
  context.pool.parallel_for(n_best, 1, [&](size_t first, size_t last, size_t) {
    for (size_t i = first; i < last; ++i)
      if (!exact.compute(exact.group_of(picks[i].row))) finite.store(false, std::memory_order_relaxed);
  });
  float threshold = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < n_best; ++i) threshold = std::min(threshold, out[picks[i].row]);

  const Distance most = distance(x, weight.n_cols, format);
  context.pool.parallel_for(weight.n_groups(), kChunk, [&](size_t first, size_t last, size_t) {
    if (context.control.stop_requested()) return;
    for (size_t group = first; group < last; ++group) {
      const size_t row = exact.first_row(group), n = exact.n_rows(group);
      size_t n_below = 0;  // a bound that is not a number is below nothing
      for (size_t r = row; r < row + n; ++r)
        n_below += out[r] + (screen.residual_norms[r] * most.x_norm + screen.norms[r] * most.slack) < threshold;
      if (n_below == n)
        std::fill_n(out + row, n, -std::numeric_limits<float>::infinity());
      else if (!exact.compute(group))
        finite.store(false, std::memory_order_relaxed);
    }
  });
  return finite.load(std::memory_order_relaxed);
}

}  // namespace sotto::ops
