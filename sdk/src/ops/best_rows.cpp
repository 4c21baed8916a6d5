#include "ops/best_rows.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "ops/linear.h"

namespace sotto::ops {
namespace {

using kernels::KernelTable;

// The first guess at the best rows: exact outputs of the chunks whose bounds are highest, some more than are wanted, set the
// threshold. A chunk is a multiple of every target's rows per group and of a cache line of floats.
constexpr size_t kChunk = 64;
constexpr size_t kChunksPerBest = 8;
constexpr size_t kMoreChunks = 7;
static_assert(1 + kMoreChunks <= kChunksPerBest);
// Between two looks at the control, which ops/linear.cpp keeps rare, too.
constexpr size_t kChunksPerPoll = 16;

struct Pick {
  float output;
  uint32_t row;
};

size_t n_chunks(size_t n_rows) {
  return (n_rows + kChunk - 1) / kChunk;
}

// A row's unit is large enough for all of these, in steps. In rows of normal numbers they ask for about the same unit, 30.
constexpr float kRestNorm = 1;      // norm of what a block's weights are beside their middles,
constexpr float kRest = 8.0f / 30;  // the largest of them,
constexpr float kWholeNorm = 13;    // norm of a block's weights,
constexpr float kMiddlesNorm = 20;  // and of what the product of the middles sums: for each weight at most 24 more

// How much a unit can change the output, for each block of x. What both products leave out of x is an error of theirs: x is rounded
// to 8 bits for the middles, as KernelTable::quantize_activations does it, and finely or not at all for the weights. What sums of
// floats lose is over no more terms than there are columns.
void find_reach(const float* x, size_t n_cols, float* reach) {
  constexpr double kCodes = 127, kCodeSlack = 1e-5, kRoundedUp = 1 + 1e-5, kFinely = 1.01, kTakenForZero = 0x1p-96;
  const double float_roundings = 4 * 0x1p-24 * static_cast<double>(n_cols + 8);
  for (size_t c = 0; c < n_cols; c += kernels::kColumnBlock) {
    const size_t end = std::min(c + kernels::kColumnBlock, n_cols);
    double largest = 0, squares = 0, lost_squares = 0;
    for (size_t i = c; i < end; ++i) largest = std::max(largest, std::fabs(static_cast<double>(x[i])));
    const double step = largest / kCodes, per_step = largest > kTakenForZero ? kCodes / largest : 0;
    for (size_t i = c; i < end; ++i) {
      const double exact = static_cast<double>(x[i]), steps = exact * per_step;
      const double lost = per_step > 0 ? (std::fabs(steps - std::nearbyint(steps)) + kCodeSlack) * step : std::fabs(exact);
      const double rounded = std::fabs(exact) + lost;
      squares += rounded * rounded;
      lost_squares += lost * lost;
    }
    const double norm = std::sqrt(squares), others = std::sqrt(std::max(squares - largest * largest, 0.0));
    const double rest = std::min(kRestNorm * norm, kRest * (largest + step) + kRestNorm * others);
    reach[c / kernels::kColumnBlock] = static_cast<float>(
        (rest + kWholeNorm * kFinely * std::sqrt(lost_squares) + kMiddlesNorm * float_roundings * norm) * kRoundedUp);
  }
}

// Groups of rows of a product with one token whose rounded activations are at hand.
class ExactRows {
 public:
  ExactRows(const KernelTable& kernels, const PackedMatrix& weight, const std::byte* activations, float* out)
      : matmul_(weight.split() ? kernels.split.matmul : kernels.weights[static_cast<size_t>(weight.type)].matmul),
        weight_(weight),
        activations_(activations),
        out_(out) {}

  size_t group_of(size_t row) const { return row / weight_.rows_per_group; }
  size_t first_row(size_t group) const { return group * weight_.rows_per_group; }
  size_t n_rows(size_t group) const { return std::min(weight_.rows_per_group, weight_.n_rows - first_row(group)); }

  /// False: an output is not finite.
  bool compute(size_t group) const {
    const size_t n = n_rows(group);
    float* const out = out_ + first_row(group);
    matmul_({.groups = weight_.data + group * weight_.group_bytes,
             .n_groups = 1,
             .n_rows = n,
             .n_cols = weight_.n_cols_padded,
             .activations = activations_,
             .n_tokens = 1,
             .out = out,
             .out_stride = n,
             .bias = nullptr,
             .accumulate = false,
             .low = weight_.low_group(group)});
    return std::all_of(out, out + n, [](float x) { return std::isfinite(x); });
  }

 private:
  void (*const matmul_)(const kernels::MatmulArgs&);
  const PackedMatrix& weight_;
  const std::byte* activations_;
  float* out_;
};

// out: (n_rows) what each output is at most
void find_bounds(const OpContext& context, const RowScreen& screen, const std::byte* activations, const float* reach, float* out) {
  const PackedMatrix& high = screen.high;
  const size_t chunk = kChunk / high.rows_per_group;
  context.pool.parallel_for(n_chunks(high.n_rows), 1, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      if (i % kChunksPerPoll == 0 && context.control.stop_requested()) return;
      const size_t row = i * kChunk, n_rows = std::min(kChunk, high.n_rows - row);
      context.kernels.split.screen({.groups = high.data + i * chunk * high.group_bytes,
                                    .n_groups = (n_rows + high.rows_per_group - 1) / high.rows_per_group,
                                    .n_rows = n_rows,
                                    .n_cols = high.n_cols_padded,
                                    .activations = activations,
                                    .reach = reach,
                                    .rests = screen.rests + row,
                                    .out = out + row});
    }
  });
}

}  // namespace

float rest_bound(const kernels::RowRest& rest) noexcept {
  const auto larger = [](float a, float b) { return std::isnan(b) || b > a ? b : a; };  // NaN stays
  return larger(larger(rest.norm / kRestNorm, rest.largest / kRest), rest.whole / kWholeNorm);
}

bool screening_pays(size_t n_best, size_t n_rows) noexcept {
  return n_best != 0 && n_best <= n_chunks(n_rows) / kChunksPerBest;
}

uint64_t best_rows_scratch_bytes(size_t n_rows, size_t n_cols) noexcept {
  return n_chunks(n_rows) * uint64_t{sizeof(Pick)} +
         round_up(n_cols, kernels::kColumnBlock) / kernels::kColumnBlock * sizeof(float);
}

bool best_rows(const OpContext& context, const float* x, const PackedMatrix& weight, const RowScreen& screen, size_t n_best,
               float* out, std::byte* scratch, std::byte* own_scratch) {
  const KernelTable& kernels = context.kernels;
  const auto round = [&](quant::ActivationFormat format) {
    kernels.quantize_activations(format, x, weight.n_cols, 1, weight.n_cols, weight.n_cols_padded, scratch);
  };
  Pick* const picks = reinterpret_cast<Pick*>(own_scratch);
  Pick* const end = picks + n_chunks(weight.n_rows);
  float* const reach = reinterpret_cast<float*>(end);
  round(quant::ActivationFormat::i8);
  find_reach(x, weight.n_cols, reach);
  find_bounds(context, screen, scratch, reach, out);
  round(quant::info(weight.type).activations);
  const ExactRows exact(kernels, weight, scratch, out);

  context.pool.parallel_for(n_chunks(weight.n_rows), kChunk, [&](size_t first, size_t last, size_t) {
    for (size_t i = first; i < last; ++i) {
      const float* rows = out + i * kChunk;
      const size_t best = kernels.argmax(rows, std::min(kChunk, weight.n_rows - i * kChunk));
      // Not a number comes first: its exact output tells.
      picks[i] = {std::isnan(rows[best]) ? std::numeric_limits<float>::infinity() : rows[best],
                  static_cast<uint32_t>(i * kChunk + best)};
    }
  });
  const auto higher = [](const Pick& a, const Pick& b) { return a.output > b.output; };
  const size_t n_picks = n_best + kMoreChunks;
  std::nth_element(picks, picks + n_picks, end, higher);

  std::atomic<bool> finite{true};
  context.pool.parallel_for(n_picks, 1, [&](size_t first, size_t last, size_t) {
    for (size_t i = first; i < last; ++i) {
      if (!exact.compute(exact.group_of(picks[i].row))) finite.store(false, std::memory_order_relaxed);
      picks[i].output = out[picks[i].row];
    }
  });
  if (!finite) return false;
  std::nth_element(picks, picks + n_best - 1, picks + n_picks, higher);
  const float threshold = picks[n_best - 1].output;

  context.pool.parallel_for(weight.n_groups(), kChunk, [&](size_t first, size_t last, size_t) {
    if (context.control.stop_requested()) return;
    for (size_t group = first; group < last; ++group) {
      const size_t row = exact.first_row(group), n = exact.n_rows(group);
      // A bound that is not a number is below nothing.
      if (std::all_of(out + row, out + row + n, [&](float bound) { return bound < threshold; }))
        std::fill_n(out + row, n, -std::numeric_limits<float>::infinity());
      else if (!exact.compute(group))
        finite.store(false, std::memory_order_relaxed);
    }
  });
  return finite.load(std::memory_order_relaxed);
}

}  // namespace sotto::ops
