// Each step through the table, alone: every other option is off.
#include "sampling/steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sampling_test.h"
#include "support/anchors.h"

namespace sotto::sampling {
namespace {

GenerationOptions everything_off() {
  GenerationOptions options;
  options.temperature = 1;
  options.top_k = 0;
  options.top_p = 1;
  return options;
}

struct Left {
  std::vector<TokenId> tokens;
  std::vector<float> logits;
  std::vector<double> probabilities;
};

Left left_after(const GenerationOptions& options, std::vector<float> logits, std::span<const TokenId> history = {}) {
  auto candidates = Candidates::make(best_kernels(), logits.size(), logits.size());
  EXPECT_TRUE(candidates);
  candidates->reset(logits);
  for (const SamplingStep& step : sampling_steps()) {
    if (step.applies(options)) step.apply(*candidates, options, history);
  }
  Left left;
  const auto relative = candidates->relative_probabilities();
  const double total = static_cast<double>(Candidates::total_mass(relative));
  for (size_t i = 0; i < relative.size(); ++i) {
    left.tokens.push_back(candidates->token(i));
    left.logits.push_back(candidates->logits()[i]);
    left.probabilities.push_back(static_cast<double>(mass(relative[i])) / total);
  }
  return left;
}

std::vector<TokenId> tokens_after(const GenerationOptions& options, std::vector<float> logits,
                                  std::span<const TokenId> history = {}) {
  return left_after(options, std::move(logits), history).tokens;
}

std::vector<float> logits_after(const GenerationOptions& options, std::vector<float> logits, std::span<const TokenId> history) {
  return left_after(options, std::move(logits), history).logits;
}

using Setter = void (*)(GenerationOptions& options, const nlohmann::json& params);
const std::map<std::string, Setter> kSamplers = {
    {"temp", [](GenerationOptions& o, const nlohmann::json& p) { o.temperature = p["temperature"]; }},
    {"temp_ext", [](GenerationOptions& o, const nlohmann::json& p) { o.temperature = p["temperature"]; }},
    {"top_k", [](GenerationOptions& o, const nlohmann::json& p) { o.top_k = p["k"]; }},
    {"top_p", [](GenerationOptions& o, const nlohmann::json& p) { o.top_p = p["p"]; }},
    {"min_p", [](GenerationOptions& o, const nlohmann::json& p) { o.min_p = p["p"]; }},
    {"penalties",
     [](GenerationOptions& o, const nlohmann::json& p) {
       o.penalty_window = p["penalty_last_n"];
       o.repeat_penalty = p["repeat"];
       o.frequency_penalty = p["frequency"];
       o.presence_penalty = p["presence"];
     }},
};

TEST(steps, do_what_llama_cpp_does) {
  SOTTO_NEEDS(path, test::anchor("sampling/sampling_cases.json"));
  size_t n_cases = 0;
  const auto data = test::read_json(path);
  for (const auto& test_case : data["cases"]) {
    SCOPED_TRACE(test_case["name"].get<std::string>());
    const std::string sampler = test_case["sampler"];
    GenerationOptions options = everything_off();
    ASSERT_TRUE(kSamplers.contains(sampler));
    kSamplers.at(sampler)(options, test_case["params"]);
    std::vector<float> logits;
    for (const double probability : test_case["probs"]) logits.push_back(static_cast<float>(std::log(probability)));
    const auto history = test_case.value("last_tokens", std::vector<TokenId>());

    Left left = left_after(options, logits, history);
    auto actual = left.probabilities;
    // Two conventions of the data, which no draw depends on: survivors of top_k and top_p are listed best first, and temperature 0
    // lists what it takes out with probability 0.
    const bool sorted = (sampler == "top_k" && options.top_k > 0) || (sampler == "top_p" && options.top_p < 1);
    if (sorted) std::sort(actual.rbegin(), actual.rend());
    if (options.temperature == 0) {
      actual.assign(logits.size(), 0.0);
      for (size_t i = 0; i < left.tokens.size(); ++i) actual[static_cast<size_t>(left.tokens[i])] = left.probabilities[i];
    }
    const auto expected = test_case["expected"].get<std::vector<double>>();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
    ++n_cases;
  }
  EXPECT_EQ(n_cases, 27u);
}

TEST(steps, off_means_untouched) {
  const std::vector<float> logits = {3, -1, 0.5f, kNan};
  const Left left = left_after(everything_off(), logits, std::vector<TokenId>{0, 1});
  EXPECT_EQ(left.tokens, (std::vector<TokenId>{0, 1, 2, 3}));
  EXPECT_EQ(std::vector(left.logits.begin(), left.logits.end() - 1), std::vector(logits.begin(), logits.end() - 1));
}

TEST(steps, greedy_takes_the_first_of_equals_after_bias_and_penalties) {
  GenerationOptions options = everything_off();
  options.temperature = 0;
  EXPECT_EQ(tokens_after(options, {1, 5, 5, 2}), std::vector<TokenId>{1});
  options.logit_bias = {{2, 0.5f}, {3, 1}, {3, 3}};  // of one token: added up
  EXPECT_EQ(tokens_after(options, {1, 5, 5, 2}), std::vector<TokenId>{3});
  options.presence_penalty = 2;
  EXPECT_EQ(tokens_after(options, {1, 5, 5, 2}, std::vector<TokenId>{3}), std::vector<TokenId>{2});
}

TEST(steps, top_k_takes_the_first_of_equals) {
  GenerationOptions options = everything_off();
  options.top_k = 3;
  EXPECT_EQ(tokens_after(options, {1, 2, 2, 3, 2}), (std::vector<TokenId>{3, 1, 2}));
  EXPECT_EQ(tokens_after(options, {7, 7, 7, 7, 7}), (std::vector<TokenId>{0, 1, 2}));
  EXPECT_EQ(tokens_after(options, {7, 9}), (std::vector<TokenId>{0, 1}));  // off when nothing is to leave
  EXPECT_EQ(tokens_after(options, {kNan, 9, -kInfinity, 1}), (std::vector<TokenId>{1, 3}));
}

TEST(steps, top_p_takes_the_first_of_equals) {
  GenerationOptions options = everything_off();
  options.top_p = 0.5f;
  EXPECT_EQ(tokens_after(options, {0, 0, 0, 0, 0}), (std::vector<TokenId>{0, 1, 2}));
  EXPECT_EQ(tokens_after(options, {0, 0, 0, 0}), (std::vector<TokenId>{0, 1}));
  EXPECT_EQ(tokens_after(options, {-9, 5, -9}), std::vector<TokenId>{1});
  options.top_p = 0;
  EXPECT_EQ(tokens_after(options, {2, 2, 1}), std::vector<TokenId>{0});
}

// Against sorting everything and adding up, as it is defined.
TEST(steps, top_p_is_the_shortest_sorted_prefix) {
  for (const float spread : {0.0f, 0.001f, 0.3f, 3.0f, 20.0f}) {
    const auto logits = random_logits(5000, spread, 7);
    const double largest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> probabilities;
    double total = 0;
    for (const float logit : logits) total += probabilities.emplace_back(std::exp(logit - largest));
    std::sort(probabilities.rbegin(), probabilities.rend());
    for (const float p : {0.01f, 0.5f, 0.95f, 0.999f}) {
      size_t expected = 0;
      for (double sum = 0; sum < double{p} * total; ++expected) sum += probabilities[expected];
      GenerationOptions options = everything_off();
      options.top_p = p;
      const auto tokens = tokens_after(options, logits);
      EXPECT_NEAR(static_cast<double>(tokens.size()), static_cast<double>(expected), 1.0) << spread << " " << p;
      float worst_kept = kInfinity;
      for (const TokenId token : tokens) worst_kept = std::min(worst_kept, logits[static_cast<size_t>(token)]);
      const auto better = std::count_if(logits.begin(), logits.end(), [&](float logit) { return logit > worst_kept; });
      EXPECT_LT(better, static_cast<ptrdiff_t>(tokens.size())) << spread << " " << p;  // the best, no others
    }
  }
}

TEST(steps, temperature_divides_and_top_k_before_it_changes_nothing) {
  GenerationOptions options = everything_off();
  options.temperature = 2;
  const Left left = left_after(options, {1, 5, 3});
  EXPECT_EQ(left.logits, (std::vector<float>{-2, 0, -1}));
  options.top_k = 2;
  EXPECT_EQ(left_after(options, {1, 5, 3}).logits, (std::vector<float>{0, -1}));
  for (const float temperature : {1e-45f, 1e-38f, 1e-6f}) {
    options.temperature = temperature;
    EXPECT_EQ(left_after(options, {1, 5, 3}).probabilities, (std::vector<double>{1, 0}));
  }
}

TEST(steps, penalties_see_the_window_only) {
  GenerationOptions options = everything_off();
  options.repeat_penalty = 2;
  options.frequency_penalty = 0.5f;
  options.presence_penalty = 0.25f;
  const std::vector<float> logits = {4, -4, 0, 1};
  const std::vector<TokenId> history = {3, 0, 1, 0, 2};
  options.penalty_window = 0;
  EXPECT_EQ(logits_after(options, logits, history), logits);
  options.penalty_window = 1;
  EXPECT_EQ(logits_after(options, logits, history), (std::vector<float>{4, -4, -0.75f, 1}));
  options.penalty_window = 4;
  const std::vector<float> four = {2 - 1.25f, -8 - 0.75f, -0.75f, 1};
  EXPECT_EQ(logits_after(options, logits, history), four);
  for (const int64_t all : {int64_t{-1}, int64_t{5}, int64_t{2147483647}}) {
    options.penalty_window = all;
    EXPECT_EQ(logits_after(options, logits, history), (std::vector<float>{four[0], four[1], four[2], 0.5f - 0.75f})) << all;
  }
  EXPECT_EQ(logits_after(options, logits, {}), logits);
}

TEST(steps, penalties_pass_over_tokens_without_logits) {
  GenerationOptions options = everything_off();
  options.presence_penalty = 1;
  EXPECT_EQ(logits_after(options, {1, 2}, std::vector<TokenId>{-1, 2, 2147483647, -2147483648, 1}), (std::vector<float>{1, 1}));
}

}  // namespace
}  // namespace sotto::sampling
