#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sampling_test.h"
#include "sotto/generation.h"

namespace sotto {
namespace {

using sampling::kInfinity;
using Kind = OptionInfo::Kind;

const OptionInfo& option(std::string_view name) {
  for (const OptionInfo& info : generation_options()) {
    if (info.name == name) return info;
  }
  ADD_FAILURE() << "no option " << name;
  return generation_options()[0];
}

std::string message_of(const GenerationOptions& options) {
  const Status status = options.validate();
  if (status) return "";
  EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
  return status.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(options, defaults_are_valid_and_greedy) {
  const GenerationOptions options;
  EXPECT_TRUE(options.validate());
  EXPECT_EQ(options.temperature, 0);
  EXPECT_EQ(option("seed").get(options), -1);
}

// A field that is added to the struct changes this binding, and so asks for its row.
TEST(options, each_number_of_the_struct_has_a_row) {
  const GenerationOptions options;
  const auto& [max_tokens, temperature, top_k, top_p, min_p, repeat_penalty, frequency_penalty, presence_penalty, penalty_window,
               seed, logit_bias, stop, logprobs, ignore_eos, parse_special, cancel, deadline] = options;
  EXPECT_EQ(option("max_tokens").get(options), static_cast<double>(max_tokens));
  EXPECT_EQ(option("temperature").get(options), temperature);
  EXPECT_EQ(option("top_k").get(options), static_cast<double>(top_k));
  EXPECT_EQ(option("top_p").get(options), top_p);
  EXPECT_EQ(option("min_p").get(options), min_p);
  EXPECT_EQ(option("repeat_penalty").get(options), repeat_penalty);
  EXPECT_EQ(option("frequency_penalty").get(options), frequency_penalty);
  EXPECT_EQ(option("presence_penalty").get(options), presence_penalty);
  EXPECT_EQ(option("penalty_window").get(options), static_cast<double>(penalty_window));
  EXPECT_EQ(option("logprobs").get(options), static_cast<double>(logprobs));
  EXPECT_EQ(option("ignore_eos").get(options), ignore_eos ? 1 : 0);
  EXPECT_EQ(option("parse_special").get(options), parse_special ? 1 : 0);
  EXPECT_EQ(generation_options().size(), 13u);  // 17 fields without logit_bias, stop, cancel, deadline
}

TEST(options, rows_are_distinct_and_told) {
  std::set<std::string_view> names;
  for (const OptionInfo& info : generation_options()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_LT(info.min, info.max) << info.name;
  }
}

TEST(options, set_and_get_round_trip_in_one_field_each) {
  for (const OptionInfo& info : generation_options()) {
    for (const double value : {info.min, info.max}) {
      GenerationOptions options;
      info.set(options, value);
      EXPECT_EQ(info.get(options), value) << info.name;
      EXPECT_TRUE(options.validate()) << info.name << ": " << message_of(options);
      const GenerationOptions defaults;
      for (const OptionInfo& other : generation_options()) {
        if (&other != &info) EXPECT_EQ(other.get(options), other.get(defaults)) << info.name << " sets " << other.name;
      }
    }
  }
}

TEST(options, what_is_out_of_range_is_named) {
  for (const OptionInfo& info : generation_options()) {
    if (info.kind == Kind::boolean) continue;
    const bool real = info.kind == Kind::real;
    const double below = real ? std::nextafterf(static_cast<float>(info.min), -kInfinity) : info.min - 1;
    const double above = real ? std::nextafterf(static_cast<float>(info.max), kInfinity) : info.max + 1;
    for (const double value : {below, above, double{NAN}, double{INFINITY}, -double{INFINITY}, 1e300, -1e300}) {
      GenerationOptions options;
      info.set(options, value);
      const Status status = options.validate();
      ASSERT_FALSE(status) << info.name << " " << value;
      EXPECT_EQ(status.error().where, info.name);
      EXPECT_TRUE(has(status.error().message, std::string(info.name) + " is ")) << status.error().message;
    }
  }
}

TEST(options, whole_numbers_are_not_rounded) {
  for (const OptionInfo& info : generation_options()) {
    if (info.kind != Kind::integer) continue;
    GenerationOptions options;
    info.set(options, 2.5);
    EXPECT_TRUE(info.name == "seed" || has(message_of(options), "is no whole number")) << info.name;
    EXPECT_FALSE(options.validate()) << info.name;
  }
}

TEST(options, seeds_are_exact_up_to_the_last_one) {
  GenerationOptions options;
  options.seed = (uint64_t{1} << 53) - 1;
  EXPECT_TRUE(options.validate());
  options.seed = uint64_t{1} << 53;
  EXPECT_FALSE(options.validate());
  option("seed").set(options, 9007199254740991);
  EXPECT_EQ(options.seed, 9007199254740991u);
  option("seed").set(options, -1);
  EXPECT_EQ(options.seed, std::nullopt);
}

TEST(options, all_faults_are_told_at_once) {
  GenerationOptions options;
  options.temperature = -1;
  options.top_p = -NAN;
  options.max_tokens = -5;
  options.stop = {"fine", "", std::string(5000, 'x'), std::string(4096, 'x')};
  options.logit_bias = {{-1, 0.0f}, {7, kInfinity}, {7, NAN}, {7, -kInfinity}, {7, 3e38f}};
  const Status status = options.validate();
  ASSERT_FALSE(status);
  EXPECT_EQ(
      status.error().message,
      "max_tokens is -5, wanted 0 to 2147483647; temperature is -1, wanted 0 to 100; top_p is nan, wanted 0 to 1; "
      "logit_bias[0] is for token -1, wanted 0 or more; logit_bias[1] adds inf, wanted a finite number or -inf; "
      "logit_bias[2] adds nan, wanted a finite number or -inf; stop[1] is empty; stop[2] has 5000 bytes, wanted at most 4096");
  EXPECT_EQ(status.error().where, "max_tokens, temperature, top_p, logit_bias, stop");
}

TEST(options, lists_have_limits_and_their_faults_too) {
  GenerationOptions options;
  options.stop.assign(64, "x");
  options.logit_bias.assign(65536, {1, 1.0f});
  EXPECT_TRUE(options.validate());
  options.stop.assign(65, "");
  options.logit_bias.assign(65537, {-1, 1.0f});
  const std::string message = message_of(options);
  EXPECT_TRUE(has(message, "stop has 65 entries, wanted at most 64")) << message;
  EXPECT_TRUE(has(message, "stop[7] is empty; stop has 57 more such entries")) << message;
  EXPECT_TRUE(has(message, "logit_bias has 65537 entries, wanted at most 65536")) << message;
  EXPECT_LT(message.size(), 1500u);
}

}  // namespace
}  // namespace sotto
