// Properties of the codecs that hold without reference data: exact conversions, fixed points, and no trap on any bit pattern.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "quant/all.h"
#include "quant/bf16.h"
#include "quant/f16.h"

namespace sotto::quant {
namespace {

std::vector<float> normal_weights(size_t n, float scale, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> weights(n);
  for (float& w : weights) {
    float total = -6;
    for (int i = 0; i < 12; ++i) total += static_cast<float>(random() >> 8) * 0x1p-24f;
    w = scale * total;
  }
  return weights;
}

std::vector<std::byte> encoded(const TypeInfo& type, const std::vector<float>& weights) {
  std::vector<std::byte> blocks(*row_bytes(type.type, weights.size()));
  type.encode(weights.data(), weights.size(), blocks.data());
  return blocks;
}

std::vector<float> decoded(const TypeInfo& type, const std::vector<std::byte>& blocks) {
  std::vector<float> weights(blocks.size() / type.block_bytes * type.block_size);
  type.decode(blocks.data(), weights.size(), weights.data());
  return weights;
}

TEST(Half, EveryCodeComesBack) {
  for (uint32_t code = 0; code < 0x10000; ++code) {
    const auto half = static_cast<uint16_t>(code);
    const bool is_nan = (half & 0x7fff) > 0x7c00;
    EXPECT_EQ(std::isnan(half_to_float(half)), is_nan);
    EXPECT_EQ(float_to_half(half_to_float(half)), is_nan ? half | 0x0200 : half);
  }
}

TEST(Half, MidpointsGoToTheEvenCodeAndTheirNeighboursToTheNearest) {
  for (uint32_t code = 0; code < 0x7c00; ++code) {
    const auto low = static_cast<uint16_t>(code), high = static_cast<uint16_t>(code + 1);
    const float above = high == 0x7c00 ? 65536.0f : half_to_float(high);  // the step beyond the largest number is infinity
    const float middle = 0.5f * (half_to_float(low) + above);
    EXPECT_EQ(float_to_half(middle), code % 2 == 0 ? low : high) << code;
    EXPECT_EQ(float_to_half(-middle), (code % 2 == 0 ? low : high) | 0x8000) << code;
    EXPECT_EQ(float_to_half(std::nextafter(middle, 0.0f)), low) << code;
    EXPECT_EQ(float_to_half(std::nextafter(middle, 1e9f)), high) << code;
  }
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::max()), 0x7c00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(float_to_half(-0.0f), 0x8000);
}

TEST(Bf16, RoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f808000u)), 0x3f80);
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f818000u)), 0x3f82);
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_EQ(float_to_bf16(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::bit_cast<float>(0x7f800001u)))));
  for (uint32_t code = 0; code <= 0x7f80; ++code) EXPECT_EQ(float_to_bf16(bf16_to_float(static_cast<uint16_t>(code))), code);
}

// d = 1 when the peak is 127, so that every weight is its own code before rounding.
TEST(Q8_0, RoundsHalvesAwayFromZero) {
  const TypeInfo& type = info(DType::q8_0);
  for (int whole = 0; whole < 126; ++whole) {
    for (const float part : {0.0f, 0.25f, 0.5f, 0.75f}) {
      std::vector<float> weights(32, static_cast<float>(whole) + part);
      for (const float w : {weights[1], std::nextafter(weights[1], 0.0f), std::nextafter(weights[1], 1000.0f)}) {
        weights[0] = 127;
        weights[1] = w;
        weights[2] = -w;
        const std::vector<float> back = decoded(type, encoded(type, weights));
        EXPECT_EQ(back[1], std::round(w));
        EXPECT_EQ(back[2], std::round(-w));
      }
    }
  }
}

// The edge weights make d = 1 (and m = 0 where there is one): a half goes up, also below zero, and what lies just under it
// goes down.
TEST(FourAndFiveBits, RoundHalvesUp) {
  struct Case {
    DType type;
    float edge, other_end;  // of the values with d = 1; a weight at the edge fixes the scale
  };
  for (const Case& c : {Case{DType::q4_0, -8, 7}, {DType::q5_0, -16, 15}, {DType::q4_1, 15, 0}, {DType::q5_1, 31, 0}}) {
    const TypeInfo& type = info(c.type);
    for (float whole = std::min(c.edge, c.other_end) + 1; whole < std::max(c.edge, c.other_end) - 1; ++whole) {
      std::vector<float> weights(32, 0.0f);
      weights[0] = c.edge;
      weights[1] = whole + 0.5f;
      weights[2] = whole + 0.4999f;
      const std::vector<float> back = decoded(type, encoded(type, weights));
      EXPECT_EQ(back[0], c.edge) << type.name;
      EXPECT_EQ(back[1], whole + 1) << type.name;
      EXPECT_EQ(back[2], whole) << type.name;
    }
  }
}

// What a codec has written once lies on its own grid, and the grid is found again. (The K types and IQ4_NL search for the grid of
// least error, and for such input may find another one.)
TEST(Codecs, EncodingAgainChangesNothing) {
  for (const DType id : {DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1}) {
    const TypeInfo& type = info(id);
    for (const float scale : {1e-3f, 0.02f, 1.0f, 300.0f}) {
      const auto once = encoded(type, normal_weights(4096, scale, 7));
      EXPECT_EQ(encoded(type, decoded(type, once)), once) << type.name << " at " << scale;
    }
  }
}

TEST(Codecs, WeightsOfASmallGridLoseLittleInEveryType) {
  for (const TypeInfo& type : all_types().first(kComputedTypes)) {
    const auto weights = normal_weights(4096, 0.02f, 11);
    const auto once = decoded(type, encoded(type, weights));
    const auto twice = decoded(type, encoded(type, once));
    double first = 0, second = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
      first += std::pow(weights[i] - once[i], 2);
      second += std::pow(once[i] - twice[i], 2);
    }
    EXPECT_LE(second, 0.5 * first) << type.name;
  }
}

TEST(Codecs, ZerosStayZeroAndConstantsStayConstant) {
  for (const TypeInfo& type : all_types().first(kComputedTypes)) {
    for (const float value : {0.0f, -0.0f, 1.0f, -1.0f, 0.7f, -300.0f}) {
      const std::vector<float> weights(256, value);
      for (const float back : decoded(type, encoded(type, weights))) {
        EXPECT_NEAR(back, value, 0.01 * std::fabs(value)) << type.name;
      }
    }
  }
}

TEST(Codecs, ScaleDoesNotMatter) {
  for (const TypeInfo& type : all_types().first(kComputedTypes)) {
    for (const float scale : {1e-3f, 1.0f, 1e3f}) {
      const auto weights = normal_weights(2048, scale, 3);
      const auto back = decoded(type, encoded(type, weights));
      double error = 0, energy = 0;
      for (size_t i = 0; i < weights.size(); ++i) {
        error += std::pow(weights[i] - back[i], 2);
        energy += std::pow(weights[i], 2);
      }
      EXPECT_LT(std::sqrt(error / energy), type.type == DType::q2_k ? 0.35 : 0.2) << type.name << " at " << scale;
    }
  }
}

TEST(Codecs, NonFiniteWeightsStayVisible) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const TypeInfo& type : all_types().first(kComputedTypes)) {
    for (const float fault : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
      for (const size_t at : {size_t{0}, size_t{17}, size_t{255}}) {
        auto weights = normal_weights(256, 1, 5);
        weights[at] = fault;
        EXPECT_FALSE(std::isfinite(decoded(type, encoded(type, weights))[at])) << type.name << " with " << fault;
      }
    }
  }
}

// Run under -fsanitize=undefined,address this is the proof that no bit pattern traps; here it proves that results repeat.
TEST(Codecs, AnyBitPatternEncodesAndDecodesTheSameTwice) {
  std::mt19937 random(20261123);
  std::vector<float> weights(256);
  for (const TypeInfo& type : all_types().first(kComputedTypes)) {
    for (int round = 0; round < 200; ++round) {
      const uint32_t mask = round % 2 == 0 ? 0xffffffffu : 0x807fffffu << (round % 5);  // all of it; tiny and odd exponents
      for (float& w : weights) w = std::bit_cast<float>(static_cast<uint32_t>(random()) & mask);
      if (round % 7 == 0) std::fill(weights.begin() + 1, weights.end(), std::numeric_limits<float>::max());
      EXPECT_EQ(encoded(type, weights), encoded(type, weights)) << type.name;

      std::vector<std::byte> raw(type.block_bytes * (256 / type.block_size));
      for (std::byte& b : raw) b = static_cast<std::byte>(random());
      const auto first = decoded(type, raw), second = decoded(type, raw);
      EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)), 0) << type.name;
    }
  }
}

}  // namespace
}  // namespace sotto::quant
