#include "sampling/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sampling_test.h"

namespace sotto::sampling {
namespace {

Sampler sampler_of(const GenerationOptions& options, size_t vocab_size, const kernels::KernelTable& kernels = best_kernels()) {
  auto sampler = Sampler::make(options, vocab_size, kernels);
  if (!sampler) ADD_FAILURE() << sampler.error().message;
  return std::move(*sampler);
}

/// Tokens of n draws from the same logits; -1 for an error.
std::vector<TokenId> draws(const GenerationOptions& options, const std::vector<float>& logits, size_t n,
                           const kernels::KernelTable& kernels = best_kernels()) {
  Sampler sampler = sampler_of(options, logits.size(), kernels);
  std::vector<TokenId> tokens;
  for (size_t i = 0; i < n; ++i) {
    auto spoilt = logits;
    tokens.push_back(sampler.sample(spoilt, {}).value_or(-1));
  }
  return tokens;
}

GenerationOptions plain(uint64_t seed = 1) {
  GenerationOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  options.seed = seed;
  return options;
}

GenerationOptions usual(uint64_t seed = 1) {
  GenerationOptions options;
  options.temperature = 0.8f;
  options.min_p = 0.01f;
  options.seed = seed;
  return options;
}

/// Sum of (seen - expected)^2 / expected.
double chi_square(const std::vector<TokenId>& tokens, const std::vector<double>& probabilities) {
  std::vector<double> seen(probabilities.size(), 0.0);
  for (const TokenId token : tokens) ++seen.at(static_cast<size_t>(token));
  double sum = 0;
  for (size_t i = 0; i < seen.size(); ++i) {
    const double expected = probabilities[i] * static_cast<double>(tokens.size());
    sum += (seen[i] - expected) * (seen[i] - expected) / expected;
  }
  return sum;
}

TEST(random, is_split_mix_64) {
  Random random(0);  // the first outputs as published for seed 0
  EXPECT_EQ(random.next(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(random.next(), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(random.next(), 0x06c45d188009454fu);
}

TEST(sampler, a_seed_reproduces_and_another_differs) {
  const auto logits = random_logits(1000);
  EXPECT_EQ(draws(usual(5), logits, 50), draws(usual(5), logits, 50));
  EXPECT_NE(draws(usual(5), logits, 50), draws(usual(6), logits, 50));
  EXPECT_NE(draws(plain(5), logits, 50), draws(plain(6), logits, 50));
}

// Tokens are a promise: a change here changes what users get for their seeds.
TEST(sampler, draws_are_the_same_on_every_target_and_stay_as_they_are) {
  const auto logits = random_logits(1000, 1.0f), many = random_logits(100000);
  for (const kernels::KernelTable* table : kernels::compiled_tables()) {
    if (!kernels::runs_on(*table, cpu_features())) continue;
    SCOPED_TRACE(table->name);
    EXPECT_EQ(draws(usual(42), logits, 8, *table), (std::vector<TokenId>{839, 855, 380, 41, 855, 549, 780, 922}));
    GenerationOptions nucleus = usual(7);
    nucleus.top_k = 0;
    nucleus.temperature = 1.3f;
    EXPECT_EQ(draws(nucleus, many, 8, *table), (std::vector<TokenId>{38200, 1444, 89778, 55446, 42387, 23492, 44149, 31445}));
    EXPECT_EQ(draws(plain(7), many, 8, *table), (std::vector<TokenId>{38200, 1097, 89651, 53417, 41097, 23492, 42065, 31413}));
  }
}

TEST(sampler, draws_by_probability) {
  const std::vector<double> probabilities = {0.05, 0.1, 0.15, 0.2, 0.5};
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  EXPECT_LT(chi_square(draws(plain(), logits, 50000), probabilities), 18.5);                 // 4 degrees of freedom: p = 0.001
  EXPECT_GT(chi_square(draws(plain(), logits, 50000), {0.06, 0.1, 0.15, 0.2, 0.49}), 18.5);  // the test can tell

  GenerationOptions narrowed = plain();
  narrowed.top_k = 3;
  const auto tokens = draws(narrowed, logits, 50000);
  EXPECT_EQ(*std::min_element(tokens.begin(), tokens.end()), 2);
  std::vector<TokenId> shifted;
  for (const TokenId token : tokens) shifted.push_back(token - 2);
  EXPECT_LT(chi_square(shifted, {0.15 / 0.85, 0.2 / 0.85, 0.5 / 0.85}), 13.9);  // 2 degrees of freedom
}

TEST(sampler, equal_logits_are_drawn_equally) {
  const std::vector<float> logits(64, -3.0f);
  EXPECT_LT(chi_square(draws(plain(), logits, 64000), std::vector<double>(64, 1.0 / 64)), 103.5);  // 63 degrees of freedom
}

TEST(sampler, minus_infinity_and_nan_are_never_drawn) {
  std::vector<float> logits(300, -kInfinity);
  logits[17] = -50;
  logits[250] = -50;
  logits[251] = kNan;
  for (auto options : {plain(), usual()}) {
    for (const TokenId token : draws(options, logits, 200)) EXPECT_TRUE(token == 17 || token == 250) << token;
    options.logit_bias = {{250, -kInfinity}};
    for (const TokenId token : draws(options, logits, 50)) EXPECT_EQ(token, 17);
    options.temperature = 0;
    EXPECT_EQ(draws(options, logits, 1), std::vector<TokenId>{17});
  }
}

TEST(sampler, nothing_to_draw_is_an_error) {
  for (const auto& options : {plain(), usual(), GenerationOptions()}) {
    for (const auto& logits :
         {std::vector<float>(300, -kInfinity), std::vector<float>(300, kNan), std::vector<float>{-kInfinity, kNan},
          std::vector<float>{1, kInfinity, 2}, std::vector<float>(300, kInfinity), std::vector<float>{kNan}}) {
      auto sampler = sampler_of(options, logits.size());
      auto spoilt = logits;
      const auto token = sampler.sample(spoilt, {});
      ASSERT_FALSE(token) << *token;
      EXPECT_EQ(token.error().code, ErrorCode::numeric_fault);
      EXPECT_EQ(token.error().where, "logits");
    }
  }
}

TEST(sampler, a_vocabulary_of_one) {
  for (const auto& options : {plain(), usual(), GenerationOptions()}) {
    EXPECT_EQ(draws(options, {-1e30f}, 3), (std::vector<TokenId>{0, 0, 0}));
  }
}

TEST(sampler, top_k_above_the_vocabulary_is_off) {
  const auto logits = random_logits(100);
  GenerationOptions options = plain();
  const auto expected = draws(options, logits, 100);
  for (const int64_t k : {100, 101, 2147483647}) {
    options.top_k = k;
    EXPECT_EQ(draws(options, logits, 100), expected) << k;
  }
}

// Every option at its ends, with logits at theirs: an answer or a clean error, nothing else.
TEST(sampler, survives_the_ends_of_every_range) {
  const std::vector<float> extremes = {3.4e38f, -3.4e38f, 1e-45f, 0.0f, -0.0f, 1.0f};
  const std::vector<TokenId> history = {0, 1, 2, 2, 1, 9, -1};
  for (const OptionInfo& first : generation_options()) {
    for (const OptionInfo& second : generation_options()) {
      for (const double a : {first.min, first.max}) {
        for (const double b : {second.min, second.max}) {
          GenerationOptions options = usual();
          first.set(options, a);
          second.set(options, b);
          auto sampler = sampler_of(options, extremes.size());
          auto logits = extremes;
          const auto token = sampler.sample(logits, history);
          EXPECT_TRUE(token ? *token >= 0 && *token < 6 : token.error().code == ErrorCode::numeric_fault)
              << first.name << second.name;
        }
      }
    }
  }
}

TEST(sampler, refuses_what_does_not_fit) {
  const auto code_of = [](const GenerationOptions& options, size_t vocab_size) {
    const auto sampler = Sampler::make(options, vocab_size, best_kernels());
    return sampler ? ErrorCode::internal : sampler.error().code;
  };
  EXPECT_EQ(code_of({}, 0), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({}, kMaxVocabulary + 1), ErrorCode::invalid_argument);
  GenerationOptions options;
  options.logit_bias = {{10, 1.0f}};
  EXPECT_EQ(code_of(options, 10), ErrorCode::invalid_argument);
  EXPECT_TRUE(Sampler::make(options, 11, best_kernels()));
  options = {};
  options.top_p = kNan;
  EXPECT_EQ(code_of(options, 10), ErrorCode::invalid_argument);

  auto sampler = sampler_of({}, 10);
  std::vector<float> nine(9, 1.0f);
  EXPECT_EQ(sampler.sample(nine, {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sotto::sampling
