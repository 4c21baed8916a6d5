// Rotation frequencies where the golden models do not go: contexts past the original, half-turned heads, factors of a file.
#include "model/rope.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sotto::model {
namespace {

TEST(Rope, PlainFrequenciesFallGeometrically) {
  const auto frequencies = rope_frequencies({.theta = 10000}, 8, 100, nullptr);
  ASSERT_EQ(frequencies.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(frequencies[i], std::pow(10.0, -static_cast<double>(i)));
}

TEST(Rope, DynamicScalingDependsOnTheContextAlone) {
  const RopeSpec rope{.theta = 10000, .scaling = RopeScaling::dynamic, .factor = 2, .original_context = 128};
  const auto plain = rope_frequencies({.theta = 10000}, 16, 128, nullptr);
  EXPECT_EQ(rope_frequencies(rope, 16, 40, nullptr), plain);
  EXPECT_EQ(rope_frequencies(rope, 16, 128, nullptr), plain);
  const auto longer = rope_frequencies(rope, 16, 512, nullptr);
  const double theta = 10000 * std::pow(2.0 * 512 / 128 - 1, 16.0 / 14);
  for (size_t i = 0; i < 8; ++i) EXPECT_DOUBLE_EQ(longer[i], std::pow(theta, -static_cast<double>(i) / 8));
}

TEST(Rope, YarnKeepsFastAndStretchesSlowDimensions) {
  const RopeSpec rope{.theta = 10000, .scaling = RopeScaling::yarn, .factor = 4, .original_context = 2048};
  const auto plain = rope_frequencies({.theta = 10000}, 64, 8192, nullptr), scaled = rope_frequencies(rope, 64, 8192, nullptr);
  EXPECT_DOUBLE_EQ(scaled.front(), plain.front());
  EXPECT_DOUBLE_EQ(scaled.back(), plain.back() / 4);
  for (size_t i = 1; i < 32; ++i) EXPECT_LE(scaled[i] / plain[i], scaled[i - 1] / plain[i - 1] + 1e-12);
}

TEST(Rope, FactorsOfTheFileDivide) {
  const float factors[] = {1, 2, 4, 8};
  const auto plain = rope_frequencies({.theta = 10000}, 8, 100, nullptr),
             divided = rope_frequencies({.theta = 10000}, 8, 100, factors);
  for (size_t i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(divided[i], plain[i] / factors[i]);
}

TEST(Rope, FrequenciesRoundToTheTypeOfTheWeights) {
  ModelSpec spec;
  spec.ropes = {{.theta = 10000}, {.theta = 1e6}};
  const auto second = [&] { return rope_frequencies(spec.ropes[1], 8, 100, nullptr); };
  const auto exact = second();
  EXPECT_TRUE(round_frequencies(spec, quant::DType::bf16));
  EXPECT_EQ(rope_frequencies(spec.ropes[0], 8, 100, nullptr)[1], 0.10009765625);
  EXPECT_EQ(second()[0], 1);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_NE(second()[i], exact[i]);
    EXPECT_NEAR(second()[i] / exact[i], 1, 1.0 / 256);
  }
  EXPECT_TRUE(round_frequencies(spec, quant::DType::f16));
  EXPECT_NEAR(second()[1] / exact[1], 1, 1.0 / 2048);
  const Status blocks = round_frequencies(spec, quant::DType::q8_0);
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(blocks.error().message.find("q8_0"), std::string::npos) << blocks.error().message;
}

TEST(Rope, AnglesArePositionTimesFrequency) {
  const std::vector<double> frequencies{1, 0.01};
  float cos[2], sin[2];
  rope_angles(frequencies, 1.5, 1000000, cos, sin);
  EXPECT_FLOAT_EQ(cos[0], static_cast<float>(1.5 * std::cos(1e6)));
  EXPECT_FLOAT_EQ(sin[1], static_cast<float>(1.5 * std::sin(1e4)));
}

}  // namespace
}  // namespace sotto::model
