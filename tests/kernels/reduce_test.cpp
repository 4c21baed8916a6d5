// all_finite, argmax, max, exp_sum.
#include <algorithm>

#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

class ReduceTest : public PerTarget {};

TEST_P(ReduceTest, AllFiniteSeesAFaultAnywhere) {
  for (const size_t n : odd_sizes()) {
    std::vector<float> x = random_floats(n, 1, 1e30f);
    x[0] = -0.0f;
    EXPECT_TRUE(table().all_finite(x.data(), n)) << n;
    for (const size_t i : {size_t{0}, n / 2, n - 1}) {
      for (const float fault : {NAN, HUGE_VALF, -HUGE_VALF}) {
        std::vector<float> faulty = x;
        faulty[i] = fault;
        EXPECT_FALSE(table().all_finite(faulty.data(), n)) << n << " " << i;
      }
    }
  }
  EXPECT_TRUE(table().all_finite(nullptr, 0));
}

// Infinities of both signs in one row must not cancel.
TEST_P(ReduceTest, AllFiniteWithManyFaults) {
  std::vector<float> x(64, HUGE_VALF);
  for (size_t i = 0; i < 64; i += 2) x[i] = -HUGE_VALF;
  EXPECT_FALSE(table().all_finite(x.data(), x.size()));
}

TEST_P(ReduceTest, MaxAndArgmaxAtEveryPlace) {
  for (const size_t n : odd_sizes()) {
    std::vector<float> x = random_floats(n, 2);
    for (float& value : x) value -= 10.0f;
    for (size_t i = 0; i < n; i += n > 67 ? 13 : 1) {
      std::vector<float> row = x;
      row[i] = -1.0f;
      EXPECT_EQ(table().argmax(row.data(), n), i) << n;
      EXPECT_EQ(table().max(row.data(), n), -1.0f) << n << " " << i;
      row[n - 1] = -1.0f;  // a tie: the lowest index wins
      EXPECT_EQ(table().argmax(row.data(), n), i) << n;
    }
  }
}

TEST_P(ReduceTest, MaxAndArgmaxPassOverNaN) {
  for (const size_t n : {1, 2, 15, 16, 17, 33, 67}) {
    std::vector<float> x(n, NAN);
    EXPECT_EQ(table().argmax(x.data(), n), 0u) << n;
    EXPECT_EQ(table().max(x.data(), n), -HUGE_VALF) << n;
    x[n - 1] = -5.0f;
    EXPECT_EQ(table().argmax(x.data(), n), n - 1);
    EXPECT_EQ(table().max(x.data(), n), -5.0f);
    x[n / 2] = HUGE_VALF;
    EXPECT_EQ(table().argmax(x.data(), n), n / 2);
  }
  const std::vector<float> lowest(21, -HUGE_VALF);
  EXPECT_EQ(table().argmax(lowest.data(), lowest.size()), 0u);
  const std::vector<float> zeros = {-1.0f, -0.0f, 0.0f};
  EXPECT_EQ(table().argmax(zeros.data(), zeros.size()), 1u) << "zeros of both signs are equal";
}

TEST_P(ReduceTest, ExpSumWithAndWithoutOutput) {
  std::vector<size_t> sizes = odd_sizes();
  sizes.push_back(5000);
  for (const size_t n : sizes) {
    const std::vector<float> x = random_floats(n, 3, 4.0f);
    const float shift = *std::max_element(x.begin(), x.end());
    double want = 0.0;
    for (const float value : x) want += std::exp(static_cast<double>(value) - shift);
    std::vector<float> out(n), slow(n);
    const double sum = table().exp_sum(x.data(), shift, n, out.data());
    EXPECT_EQ(table().exp_sum(x.data(), shift, n, nullptr), sum) << n;
    EXPECT_EQ(slowest().exp_sum(x.data(), shift, n, slow.data()), sum) << n;
    EXPECT_TRUE(same_bits(out, slow)) << n;
    // Each term: the difference rounds by 2^-24 * 24, the exponential by an ulp; sums of 16 terms in a lane and of the lanes, less.
    EXPECT_NEAR(sum, want, want * 40 * 0x1p-24) << n;
    for (size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(out[i], std::exp(static_cast<double>(x[i]) - shift), 26 * 0x1p-24 * std::exp(static_cast<double>(x[i]) - shift));
    }
  }
}

// 262,144 small terms beside one of 1: sums in float would lose the 16,384 of its lane, 3e-5; those of its block may go.
TEST_P(ReduceTest, ExpSumKeepsSmallTerms) {
  std::vector<float> x(262145, -20.0f);
  x[0] = 0.0f;
  EXPECT_NEAR(table().exp_sum(x.data(), 0.0f, x.size(), nullptr), 1.0 + 262144 * std::exp(-20.0), 1e-7);
}

TEST_P(ReduceTest, ExpSumOfForbiddenTokensIsZero) {
  std::vector<float> x(35, -HUGE_VALF), out(35, 1.0f);
  x[34] = 2.0f;
  EXPECT_EQ(table().exp_sum(x.data(), 2.0f, x.size(), out.data()), 1.0);
  EXPECT_EQ(out[0], 0.0f);
  EXPECT_EQ(out[34], 1.0f);
}

SOTTO_PER_TARGET(ReduceTest);

}  // namespace
}  // namespace sotto::kernels
