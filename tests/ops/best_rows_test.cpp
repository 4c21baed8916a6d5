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

struct ScreenedMatrix {
  RandomMatrix exact, rounded;
  std::vector<float> residual_norms, norms;

  ScreenedMatrix(DType type, size_t n_rows, size_t n_cols, uint32_t seed)
      : exact(type, n_rows, n_cols, seed), rounded(DType::q4_0, n_rows, n_cols, seed) {
    for (size_t r = 0; r < n_rows; ++r) {
      double residual = 0, of_exact = 0, of_rounded = 0;
      for (size_t i = r * n_cols; i < (r + 1) * n_cols; ++i) {
        const double a = exact.decoded[i], b = rounded.decoded[i];
        residual += (a - b) * (a - b);
        of_exact += a * a;
        of_rounded += b * b;
      }
      residual_norms.push_back(static_cast<float>(std::sqrt(residual) * 1.0001));
      norms.push_back(static_cast<float>(std::sqrt(std::max(of_exact, of_rounded)) * 1.0001));
    }
  }
  RowScreen screen() const { return {rounded.packed, residual_norms.data(), norms.data()}; }
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

Best best(const OpContext& context, const PackedMatrix& matrix, const RowScreen& screen, const std::vector<float>& x,
          size_t n_best) {
  Best result{std::vector<float>(matrix.n_rows), false};
  Memory scratch(linear_scratch_bytes(context.kernels, matrix.n_cols, 1)), picks(best_rows_scratch_bytes(matrix.n_rows));
  result.finite = best_rows(context, x.data(), matrix, screen, n_best, result.out.data(), scratch.data, picks.data);
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
          const auto all = all_rows(machine.context(), matrix.exact.packed, x);
          for (const size_t n_best : {1, 2, 8})
            expect_best(best(machine.context(), matrix.exact.packed, matrix.screen(), x, n_best), all, n_best);
        }
      }
    }
  }
}

TEST(BestRows, LeaveMostRowsOut) {
  Machine machine(2);
  const ScreenedMatrix matrix(DType::q8_0, 8192, 512, 5);
  const Best got = best(machine.context(), matrix.exact.packed, matrix.screen(), random_floats(512, 6), 1);
  EXPECT_GT(got.n_left_out(), 4096u);
}

TEST(BestRows, EqualOnesAreAllThere) {
  Machine machine(2);
  ScreenedMatrix matrix(DType::q8_0, 2048, 64, 7);
  const auto x = random_floats(64, 8);
  const auto all = all_rows(machine.context(), matrix.exact.packed, x);
  const size_t first = static_cast<size_t>(std::max_element(all.begin(), all.end()) - all.begin());
  // The group of the best row once more at the end of the matrix.
  const PackedMatrix& packed = matrix.exact.packed;
  const size_t group = first / packed.rows_per_group, last = packed.n_groups() - 1;
  const auto copy = [&](const PackedMatrix& m) {
    std::byte* data = const_cast<std::byte*>(m.data);
    std::copy_n(data + group * m.group_bytes, m.group_bytes, data + last * m.group_bytes);
  };
  copy(packed);
  copy(matrix.rounded.packed);
  for (size_t i = 0; i < packed.rows_per_group; ++i) {
    matrix.residual_norms[last * packed.rows_per_group + i] = matrix.residual_norms[group * packed.rows_per_group + i];
    matrix.norms[last * packed.rows_per_group + i] = matrix.norms[group * packed.rows_per_group + i];
  }
  const Best got = best(machine.context(), packed, matrix.screen(), x, 1);
  EXPECT_EQ(got.out[first], all[first]);
  EXPECT_EQ(got.out[last * packed.rows_per_group + first % packed.rows_per_group], all[first]);
}

TEST(BestRows, NumbersThatAreNotFiniteAreTold) {
  Machine machine(2);
  ScreenedMatrix matrix(DType::f32, 1024, 64, 9);
  auto x = random_floats(64, 10);
  const Best good = best(machine.context(), matrix.exact.packed, matrix.screen(), x, 1);
  EXPECT_TRUE(good.finite);
  // A row whose norm is not a number, as a row of such weights has, is always computed.
  matrix.norms[777] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(best(machine.context(), matrix.exact.packed, matrix.screen(), x, 1).out[777], -kInfinity);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(best(machine.context(), matrix.exact.packed, matrix.screen(), x, 1).finite);
  x[5] = kInfinity;
  EXPECT_FALSE(best(machine.context(), matrix.exact.packed, matrix.screen(), x, 1).finite);
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
