// What the kernel tests share: one instance of a test per compiled target, numbers from a seed, comparison of bits and ulps.
// Kernels get std::vectors of exactly the size of their contract, so that the address sanitizer sees any access beside it.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/dispatch.h"
#include "support/reference.h"

namespace sotto::kernels {

namespace reference = test::reference;

class PerTarget : public testing::TestWithParam<const KernelTable*> {
 protected:
  void SetUp() override {
    if (!runs_on(table(), cpu_features())) {
      GTEST_SKIP() << "target " << table().name << " is compiled; this machine lacks it";
    }
  }
  static const KernelTable& table() { return *GetParam(); }
  /// The scalar one: what all others have to equal bit for bit.
  static const KernelTable& slowest() { return *compiled_tables().front(); }
};

#define SOTTO_PER_TARGET(suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(Target, suite, testing::ValuesIn(compiled_tables().begin(), compiled_tables().end()), \
                           [](const auto& instance) { return std::string(instance.param->name); })

/// About normal with the deviation `scale` (a sum of four uniform numbers); the same on every machine.
inline std::vector<float> random_floats(size_t n, uint32_t seed, float scale = 1.0f) {
  std::mt19937 random(seed);
  std::vector<float> numbers(n);
  for (float& x : numbers) {
    float total = -2.0f;
    for (int i = 0; i < 4; ++i) total += static_cast<float>(random() >> 8) * 0x1p-24f;
    x = total * 1.7320508f * scale;
  }
  return numbers;
}

/// Row lengths around the widths of registers and blocks.
inline std::vector<size_t> odd_sizes() {
  std::vector<size_t> sizes;
  for (size_t n = 1; n <= 67; ++n) sizes.push_back(n);
  for (const size_t n : {255, 256, 257, 576}) sizes.push_back(n);
  return sizes;
}

inline bool same_bits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// NaN equals NaN, whatever its bits: they differ between machines.
inline testing::AssertionResult same_bits(std::span<const float> got, std::span<const float> want) {
  if (got.size() != want.size()) return testing::AssertionFailure() << got.size() << " numbers instead of " << want.size();
  for (size_t i = 0; i < got.size(); ++i) {
    if (!same_bits(got[i], want[i])) {
      return testing::AssertionFailure() << "[" << i << "] is " << got[i] << " (" << std::hexfloat << got[i] << ") instead of "
                                         << std::defaultfloat << want[i] << " (" << std::hexfloat << want[i] << ")";
    }
  }
  return testing::AssertionSuccess();
}

/// Distance in units of the last place of a float of the size of `want`.
inline double ulps(float got, double want) {
  const double size = std::fabs(want);
  const int exponent = size < 0x1p-126 ? -126 : std::ilogb(size);
  return std::fabs(got - want) / std::ldexp(1.0, exponent - 23);
}

/// |got[i] - want[i]| <= tolerance for all i.
inline testing::AssertionResult all_near(std::span<const float> got, std::span<const double> want, double tolerance) {
  if (got.size() != want.size()) return testing::AssertionFailure() << got.size() << " numbers instead of " << want.size();
  for (size_t i = 0; i < got.size(); ++i) {
    if (!(std::fabs(got[i] - want[i]) <= tolerance)) {
      return testing::AssertionFailure() << "[" << i << "] is " << got[i] << " instead of " << want[i] << ", off by "
                                         << got[i] - want[i] << ", more than " << tolerance;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace sotto::kernels
