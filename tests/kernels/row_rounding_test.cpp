// Rows rounded to 4 bits: near, as their blocks say, with the sums of squares that go with them, and the same on every target.
#include <cmath>
#include <limits>

#include "kernels/kernel_test.h"
#include "quant/q4_0.h"

namespace sotto::kernels {
namespace {

class RowRoundingTest : public PerTarget {};

std::vector<float> row(float scale) {
  std::vector<float> x(96);
  for (size_t i = 0; i < x.size(); ++i) x[i] = scale * std::sin(static_cast<float>(i * i % 251));
  return x;
}

std::vector<std::byte> blocks_for(size_t n) {
  return std::vector<std::byte>(n / quant::q4_0::kBlockSize * sizeof(quant::q4_0::Block));
}

TEST_P(RowRoundingTest, IsNearAndSaysHowNear) {
  for (const float scale : {1.0f, -3.0f, 0.01f, 1e4f}) {
    const auto x = row(scale);
    auto blocks = blocks_for(x.size());
    const RoundedRow sums = table().round_to_q4_0(x.data(), x.size(), blocks.data());
    std::vector<float> rounded(x.size());
    quant::q4_0::decode(blocks.data(), rounded.size(), rounded.data());
    double of_exact = 0, of_rounded = 0, of_rest = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(std::abs(x[i] - rounded[i]), std::abs(scale) / 8) << "half a step, a whole one at the end that has no code";
      of_exact += double{x[i]} * x[i];
      of_rounded += double{rounded[i]} * rounded[i];
      of_rest += (double{x[i]} - rounded[i]) * (double{x[i]} - rounded[i]);
    }
    EXPECT_NEAR(sums.of_exact, of_exact, 1e-5 * of_exact);
    EXPECT_NEAR(sums.of_rounded, of_rounded, 1e-5 * of_exact);
    EXPECT_NEAR(sums.of_rest, of_rest, 1e-5 * of_exact);
    EXPECT_LT(of_rest, 0.02 * of_exact);
  }
}

TEST_P(RowRoundingTest, StepsThatAreNoNormalHalvesMakeZeros) {
  for (const float scale : {0.0f, 1e-6f, 1e30f}) {
    const auto x = row(scale);
    auto blocks = blocks_for(x.size());
    const RoundedRow sums = table().round_to_q4_0(x.data(), x.size(), blocks.data());
    EXPECT_EQ(sums.of_rounded, 0.0f);
    EXPECT_EQ(sums.of_rest, sums.of_exact);
  }
  auto x = row(1);
  x[40] = std::numeric_limits<float>::quiet_NaN();
  auto blocks = blocks_for(x.size());
  EXPECT_TRUE(std::isnan(table().round_to_q4_0(x.data(), x.size(), blocks.data()).of_rest));
}

TEST_P(RowRoundingTest, SameBitsAsScalar) {
  const auto x = row(2);
  auto blocks = blocks_for(x.size()), wanted = blocks;
  const RoundedRow sums = table().round_to_q4_0(x.data(), x.size(), blocks.data());
  const RoundedRow scalar_sums = slowest().round_to_q4_0(x.data(), x.size(), wanted.data());
  EXPECT_EQ(blocks, wanted);
  EXPECT_EQ(sums.of_exact, scalar_sums.of_exact);
  EXPECT_EQ(sums.of_rounded, scalar_sums.of_rounded);
  EXPECT_EQ(sums.of_rest, scalar_sums.of_rest);
}

SOTTO_PER_TARGET(RowRoundingTest);

}  // namespace
}  // namespace sotto::kernels
