// best_rows() against linear(): the best outputs have the same bits, whatever is asked for; and rows really are left out.
#include "ops/best_rows.h"

#include <algorithm>
#include <limits>

#include "ops/linear.h"
#include "ops_test.h"

namespace sotto::ops {
namespace {

using quant::DType;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A matrix with a screen: of Q8_0 cut in halves, of other types beside it.
struct ScreenedMatrix {
  RandomMatrix whole;
  PackedMatrix matrix, high;
  std::vector<float> rests;
  std::vector<std::byte> halves;

  ScreenedMatrix(DType type, size_t n_rows, size_t n_cols, uint32_t seed)
      : whole(type, n_rows, n_cols, seed), matrix(whole.packed), high(whole.packed) {
    const kernels::SplitKernels& kernels = best_kernels().split;
    const quant::TypeInfo& q8_0 = quant::info(DType::q8_0);
    high.type = DType::q8_0;
    high.rows_per_group = kernels.rows_per_group;
    high.group_bytes = kernels.high_bytes(n_cols);
    const size_t low_bytes = kernels.low_bytes(n_cols), low_at = high.bytes(), row_bytes = n_cols / 32 * q8_0.block_bytes;
    halves.resize(low_at + high.n_groups() * low_bytes);
    std::vector<std::byte> rows(n_rows * row_bytes);
    q8_0.encode(whole.decoded.data(), whole.decoded.size(), rows.data());
    for (size_t group = 0; group < high.n_groups(); ++group) {
      const size_t row = group * high.rows_per_group;
      kernels.pack(rows.data() + row * row_bytes, row_bytes, std::min(high.rows_per_group, n_rows - row), n_cols, n_cols,
                   halves.data() + group * high.group_bytes, halves.data() + low_at + group * low_bytes);
    }
    high.data = halves.data();
    if (type == DType::q8_0) {
      matrix = high;
      matrix.low = halves.data() + low_at;
      matrix.low_group_bytes = low_bytes;
    }
    for (size_t r = 0; r < n_rows; ++r)
      rests.push_back(rest_bound(
          kernels.rest(rows.data() + r * row_bytes, type == DType::q8_0 ? nullptr : whole.decoded.data() + r * n_cols, n_cols)));
  }
  RowScreen screen() const { return {high, rests.data()}; }
};

struct Memory {
  std::vector<std::byte> bytes;
  std::byte* data;
  explicit Memory(uint64_t n) : bytes(static_cast<size_t>(n) + 64), data(bytes.data()) {
    data += 64 - reinterpret_cast<uintptr_t>(data) % 64;
  }
};

std::vector<float> all_rows(const OpContext& context, const PackedMatrix& matrix, const std::vector<float>& x) {
  std::vector<float> out(matrix.n_rows);
  Memory scratch(linear_scratch_bytes(context.kernels, matrix.n_cols, 1));
  const LinearPart part{&matrix, nullptr, out.data(), matrix.n_rows};
  linear(context, x.data(), matrix.n_cols, 1, std::span(&part, 1), scratch.data);
  return out;
}

struct Best {
  std::vector<float> out;
  bool finite;
  size_t n_left_out() const { return static_cast<size_t>(std::count(out.begin(), out.end(), -kInfinity)); }
};

Best best(const OpContext& context, const ScreenedMatrix& screened, const std::vector<float>& x, size_t n_best) {
  const PackedMatrix& matrix = screened.matrix;
  Best result{std::vector<float>(matrix.n_rows), false};
  Memory scratch(linear_scratch_bytes(context.kernels, matrix.n_cols, 1)),
      own(best_rows_scratch_bytes(matrix.n_rows, matrix.n_cols));
  result.finite = best_rows(context, x.data(), matrix, screened.screen(), n_best, result.out.data(), scratch.data, own.data);
  return result;
}

// Every output that is at least the n_best-th largest is there; each other one is there or -infinity.
void expect_best(const Best& got, const std::vector<float>& all, size_t n_best) {
  EXPECT_TRUE(got.finite);
  std::vector<float> sorted = all;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const float least = sorted[n_best - 1];
  for (size_t r = 0; r < all.size(); ++r) {
    if (all[r] >= least || got.out[r] != -kInfinity) ASSERT_EQ(got.out[r], all[r]) << "row " << r << " of the best " << n_best;
  }
}

TEST(BestRows, AreThoseOfLinear) {
  for (const DType type : {DType::q8_0, DType::q6_k, DType::f16, DType::bf16, DType::f32}) {
    for (const size_t n_cols : {256, 768}) {
      SCOPED_TRACE(std::string(quant::info(type).name) + ", " + std::to_string(n_cols) + " columns");
      const ScreenedMatrix matrix(type, 4099, n_cols, 3);
      for (const uint32_t seed : {1, 2, 3, 4, 5}) {
        std::vector<float> x = random_floats(n_cols, seed);
        if (seed == 2) x[17] = 300;                           // one large number rounds away all others of its block
        if (seed == 3) std::fill(x.begin(), x.end(), 0.25f);  // every product is the same sum
        if (seed == 4)
          for (float& number : x) number *= 1e-20f;
        if (seed == 5)
          for (float& number : x) number *= 1e15f;
        for (const size_t n_threads : {1, 3}) {
          Machine machine(n_threads);
          const auto all = all_rows(machine.context(), matrix.whole.packed, x);
          for (const size_t n_best : {1, 2, 8}) expect_best(best(machine.context(), matrix, x, n_best), all, n_best);
        }
      }
    }
  }
}

TEST(BestRows, LeaveMostRowsOut) {
  Machine machine(2);
  const ScreenedMatrix matrix(DType::q8_0, 8192, 512, 5);
  // One row's output is far above the others', as those of models are. Of noise, 16 rows that a target keeps together are rarely
  // all below the best.
  const auto row = matrix.whole.decoded.begin() + 4321 * 512;
  const Best got = best(machine.context(), matrix, std::vector<float>(row, row + 512), 1);
  EXPECT_GT(got.n_left_out(), 7168u);
}

TEST(BestRows, EqualOnesAreAllThere) {
  Machine machine(2);
  ScreenedMatrix matrix(DType::f16, 2048, 64, 7);
  const auto x = random_floats(64, 8);
  const auto all = all_rows(machine.context(), matrix.whole.packed, x);
  const size_t first = static_cast<size_t>(std::max_element(all.begin(), all.end()) - all.begin());
  // The chunk of the best row once more at the end of the matrix.
  constexpr size_t kChunk = 64;
  const size_t from = first / kChunk * kChunk, to = 2048 - kChunk;
  ASSERT_NE(from, to);
  const auto copy = [&](const PackedMatrix& m) {
    std::byte* data = const_cast<std::byte*>(m.data);
    std::copy_n(data + from / m.rows_per_group * m.group_bytes, kChunk / m.rows_per_group * m.group_bytes,
                data + to / m.rows_per_group * m.group_bytes);
  };
  copy(matrix.matrix);
  copy(matrix.high);
  std::copy_n(matrix.rests.begin() + static_cast<ptrdiff_t>(from), kChunk, matrix.rests.begin() + static_cast<ptrdiff_t>(to));
  const Best got = best(machine.context(), matrix, x, 1);
  EXPECT_EQ(got.out[first], all[first]);
  EXPECT_EQ(got.out[to + first % kChunk], all[first]);
}

TEST(BestRows, NumbersThatAreNotFiniteAreTold) {
  Machine machine(2);
  ScreenedMatrix matrix(DType::f32, 1024, 64, 9);
  auto x = random_floats(64, 10);
  const Best good = best(machine.context(), matrix, x, 1);
  EXPECT_TRUE(good.finite);
  // A row whose bound is not a number, as a row of such weights has, is always computed.
  matrix.rests[777] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(best(machine.context(), matrix, x, 1).out[777], -kInfinity);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(best(machine.context(), matrix, x, 1).finite);
  x[5] = kInfinity;
  EXPECT_FALSE(best(machine.context(), matrix, x, 1).finite);
}

TEST(BestRows, ABoundTellsWhateverIsWorst) {
  const kernels::RowRest plain{.norm = 26, .largest = 8, .whole = 200};
  EXPECT_FLOAT_EQ(rest_bound(plain), 30);
  EXPECT_FLOAT_EQ(rest_bound({.norm = 31, .largest = 8, .whole = 200}), 31);
  EXPECT_FLOAT_EQ(rest_bound({.norm = 26, .largest = 8, .whole = 700}), 700.0f / 13);
  EXPECT_FLOAT_EQ(rest_bound({.norm = 26, .largest = 12, .whole = 200}), 45);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(rest_bound({.norm = kNan, .largest = 8, .whole = 200})));
  EXPECT_TRUE(std::isnan(rest_bound({.norm = 26, .largest = kNan, .whole = 200})));
  EXPECT_TRUE(std::isnan(rest_bound({.norm = 26, .largest = 8, .whole = kNan})));
}

TEST(BestRows, PayOnlyForFew) {
  EXPECT_TRUE(screening_pays(1, 512));
  EXPECT_FALSE(screening_pays(1, 448));
  EXPECT_FALSE(screening_pays(0, 1 << 20)) << "all are wanted";
  EXPECT_TRUE(screening_pays(40, 262144));
  EXPECT_FALSE(screening_pays(1000, 262144));
}

}  // namespace
}  // namespace sotto::ops
