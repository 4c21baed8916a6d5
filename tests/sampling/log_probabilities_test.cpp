#include "sampling/log_probabilities.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sampling_test.h"

namespace sotto::sampling {
namespace {

TEST(log_probabilities, are_those_of_the_logits) {
  const std::vector<double> probabilities = {0.1, 0.2, 0.3, 0.4};
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p) + 12.5));
  const auto result = log_probabilities(best_kernels(), logits, 1, 3);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->token.token, 1);
  EXPECT_NEAR(result->token.logprob, std::log(0.2), 1e-6);
  ASSERT_EQ(result->best.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result->best[i].token, static_cast<TokenId>(3 - i));
    EXPECT_NEAR(result->best[i].logprob, std::log(probabilities[3 - i]), 1e-6);
  }
}

TEST(log_probabilities, of_a_large_vocabulary_add_up_to_one) {
  const auto logits = random_logits(20000, 1.0f);
  const auto result = log_probabilities(best_kernels(), logits, 0, logits.size());
  ASSERT_TRUE(result);
  ASSERT_EQ(result->best.size(), logits.size());
  double sum = 0;
  for (const TokenLogprob& entry : result->best) sum += std::exp(double{entry.logprob});
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(log_probabilities, edges) {
  const auto one = log_probabilities(best_kernels(), std::vector<float>{-7}, 0, 100);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->token.logprob, 0);
  EXPECT_EQ(one->best.size(), 1u);
  const auto forbidden = log_probabilities(best_kernels(), std::vector<float>{2, -kInfinity, 2}, 1, 0);
  ASSERT_TRUE(forbidden);
  EXPECT_EQ(forbidden->token.logprob, -kInfinity);
  EXPECT_TRUE(forbidden->best.empty());
  const auto equal = log_probabilities(best_kernels(), std::vector<float>(500, 1.0f), 3, 2);
  ASSERT_TRUE(equal);
  EXPECT_EQ(equal->best[0].token, 0);
  EXPECT_EQ(equal->best[1].token, 1);
}

TEST(log_probabilities, refuse_what_has_none) {
  const auto code_of = [](const std::vector<float>& logits, TokenId token) {
    const auto result = log_probabilities(best_kernels(), logits, token, 1);
    return result ? ErrorCode::internal : result.error().code;
  };
  EXPECT_EQ(code_of({1, 2}, 2), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({1, 2}, -1), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({}, 0), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({1, kNan}, 0), ErrorCode::numeric_fault);
  EXPECT_EQ(code_of({1, kInfinity}, 0), ErrorCode::numeric_fault);
  EXPECT_EQ(code_of({-kInfinity, -kInfinity}, 0), ErrorCode::numeric_fault);
}

}  // namespace
}  // namespace sotto::sampling
