// rms_norm and layer_norm.
#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

constexpr float kEps = 1e-6f;

class NormTest : public PerTarget {};

// Sums of n positive floats in sixteen lanes err by at most (n/16 + 5) halves of an ulp relative, the root halves that; then come
// three products. Outputs are below sqrt(n) * max|weight|.
double tolerance(size_t n) {
  return (static_cast<double>(n) / 16 + 10) * 0x1p-24 * std::sqrt(static_cast<double>(n)) * 4;
}

TEST_P(NormTest, RmsNormIsTheFormula) {
  for (const size_t n : odd_sizes()) {
    const std::vector<float> x = random_floats(n, 1), weight = random_floats(n, 2);
    for (const float* w : {weight.data(), static_cast<const float*>(nullptr)}) {
      std::vector<float> out(n), slow(n), in_place = x;
      table().rms_norm(x.data(), w, kEps, n, out.data());
      table().rms_norm(in_place.data(), w, kEps, n, in_place.data());
      slowest().rms_norm(x.data(), w, kEps, n, slow.data());
      EXPECT_TRUE(all_near(out, reference::rms_norm(x.data(), w, kEps, n), tolerance(n))) << n;
      EXPECT_TRUE(same_bits(out, slow)) << n;
      EXPECT_TRUE(same_bits(in_place, out)) << n;
    }
  }
}

TEST_P(NormTest, LayerNormIsTheFormula) {
  for (const size_t n : odd_sizes()) {
    std::vector<float> x = random_floats(n, 3);
    const std::vector<float> weight = random_floats(n, 4), bias = random_floats(n, 5);
    for (float& value : x) value += 0.5f;
    for (const float* w : {weight.data(), static_cast<const float*>(nullptr)}) {
      for (const float* b : {bias.data(), static_cast<const float*>(nullptr)}) {
        std::vector<float> out(n), slow(n), in_place = x;
        table().layer_norm(x.data(), w, b, kEps, n, out.data());
        table().layer_norm(in_place.data(), w, b, kEps, n, in_place.data());
        slowest().layer_norm(x.data(), w, b, kEps, n, slow.data());
        // One number is its own mean, up to the eps; differences from the mean err by the mean's rounding besides.
        EXPECT_TRUE(all_near(out, reference::layer_norm(x.data(), w, b, kEps, n), 2 * tolerance(n))) << n;
        EXPECT_TRUE(same_bits(out, slow)) << n;
        EXPECT_TRUE(same_bits(in_place, out)) << n;
      }
    }
  }
}

TEST_P(NormTest, ZerosStayZerosAndEpsBoundsSmallNumbers) {
  const std::vector<float> zeros(19);
  std::vector<float> out(19, 7.0f);
  table().rms_norm(zeros.data(), nullptr, kEps, 19, out.data());
  EXPECT_TRUE(same_bits(out, zeros));
  const std::vector<float> equal(19, 3.0f);
  table().layer_norm(equal.data(), nullptr, nullptr, kEps, 19, out.data());
  EXPECT_TRUE(same_bits(out, zeros));
  const std::vector<float> tiny(19, 1e-3f);  // mean square 1e-6, as large as eps
  table().rms_norm(tiny.data(), nullptr, kEps, 19, out.data());
  EXPECT_NEAR(out[18], std::sqrt(0.5), 1e-6);
}

TEST_P(NormTest, FaultsStayVisible) {
  for (const float fault : {NAN, HUGE_VALF}) {
    std::vector<float> x = random_floats(37, 6), out(37);
    x[35] = fault;
    table().rms_norm(x.data(), nullptr, kEps, x.size(), out.data());
    EXPECT_TRUE(std::isnan(out[35]));
    table().layer_norm(x.data(), nullptr, nullptr, kEps, x.size(), out.data());
    EXPECT_TRUE(std::isnan(out[0]));
  }
}

SOTTO_PER_TARGET(NormTest);

}  // namespace
}  // namespace sotto::kernels
