// exp, tanh, silu and both GELUs over all magnitudes of floats: the errors that platform/simd/math.h states.
#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

// Every 16411th bit pattern, a prime number, of both signs: 260,000 floats, NaN and infinities left out.
std::vector<float> swept_floats() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < 0x1'0000'0000; bits += 16411) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isfinite(value)) x.push_back(value);
  }
  return x;
}

// Where the functions are neither zero nor trivial.
std::vector<float> dense_floats(float low, float high) {
  constexpr size_t kSteps = 200000;
  std::vector<float> x;
  for (size_t i = 0; i <= kSteps; ++i) x.push_back(low + (high - low) * (static_cast<float>(i) / kSteps));
  return x;
}

std::vector<float> exp_of(const KernelTable& kernels, const std::vector<float>& x) {
  std::vector<float> out(x.size());
  kernels.exp_sum(x.data(), 0.0f, x.size(), out.data());
  return out;
}
std::vector<float> tanh_of(const KernelTable& kernels, std::vector<float> x) {
  kernels.soft_cap(1.0f, x.data(), x.size());
  return x;
}
template <Activation activation>
std::vector<float> activation_of(const KernelTable& kernels, std::vector<float> x) {
  kernels.activate(activation, x.data(), nullptr, x.size(), x.data());
  return x;
}

struct Worst {
  double error = 0.0;
  float at = 0.0f;
};
template <class Error>
Worst worst_of(const std::vector<float>& x, const std::vector<float>& y, Error error) {
  Worst worst;
  for (size_t i = 0; i < x.size(); ++i) {
    const double e = error(x[i], y[i]);
    if (!(e <= worst.error)) worst = {e, x[i]};
  }
  return worst;
}

class MathTest : public PerTarget {
 protected:
  template <class Function, class Error>
  static void expect_within(double bound, float low, float high, Function function, Error error) {
    for (const std::vector<float>& x : {swept_floats(), dense_floats(low, high)}) {
      const std::vector<float> y = function(table(), x);
      const Worst worst = worst_of(x, y, error);
      EXPECT_LE(worst.error, bound) << "at " << worst.at << " " << std::hexfloat << worst.at;
      EXPECT_TRUE(same_bits(y, function(slowest(), x)));
    }
  }
};

TEST_P(MathTest, Exp) {
  expect_within(1.05, -88.0f, 89.0f, exp_of, [](float x, float y) {
    if (x < -87.0f) return y == 0.0f ? 0.0 : HUGE_VAL;
    if (x > 88.72283f) return y == HUGE_VALF ? 0.0 : HUGE_VAL;
    return ulps(y, std::exp(static_cast<double>(x)));
  });
}

TEST_P(MathTest, Tanh) {
  expect_within(1.35, -10.0f, 10.0f, tanh_of, [](float x, float y) { return ulps(y, std::tanh(static_cast<double>(x))); });
}

TEST_P(MathTest, Silu) {
  expect_within(2.45, -90.0f, 20.0f, activation_of<Activation::silu>, [](float x, float y) {
    if (x < -88.7f) return std::signbit(y) && y > -3e-37f ? 0.0 : HUGE_VAL;
    return ulps(y, reference::activate(Activation::silu, x));
  });
}

// Ulps from -1 on; below, the error in proportion to the bound that is stated for it.
TEST_P(MathTest, GeluTanh) {
  expect_within(2.6, -14.0f, 20.0f, activation_of<Activation::gelu_tanh>, [](float x, float y) {
    const double want = reference::activate(Activation::gelu_tanh, x);
    return x >= -1.0f ? ulps(y, want) : std::fabs(y - want) / 5e-8 * 2.6;
  });
}

TEST_P(MathTest, GeluErf) {
  expect_within(6.2, -14.0f, 20.0f, activation_of<Activation::gelu_erf>, [](float x, float y) {
    const double want = reference::activate(Activation::gelu_erf, x);
    return x >= -1.0f ? ulps(y, want) : std::fabs(y - want) / 7e-8 * 6.2;
  });
}

SOTTO_PER_TARGET(MathTest);

}  // namespace
}  // namespace sotto::kernels
