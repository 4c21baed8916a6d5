// rope, activate, add, scale, soft_cap.
#include <array>

#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

class ElementwiseTest : public PerTarget {};

constexpr Activation kActivations[] = {Activation::silu, Activation::gelu_tanh, Activation::gelu_erf, Activation::relu};

TEST_P(ElementwiseTest, RopeTurnsPairsAndLeavesTheRest) {
  struct Shape {
    size_t head_dim, rotary_dim;
  };
  for (const auto [head_dim, rotary_dim] :
       {Shape{2, 2}, {8, 8}, {24, 24}, {64, 64}, {80, 32}, {64, 10}, {66, 66}, {128, 64}, {256, 256}}) {
    for (const RopePairs pairs : {RopePairs::halves, RopePairs::neighbours}) {
      constexpr size_t kHeads = 3;
      const std::vector<float> heads = random_floats(kHeads * head_dim, 1);
      std::vector<float> cos, sin;
      for (size_t i = 0; i < rotary_dim / 2; ++i) {
        cos.push_back(static_cast<float>(std::cos(0.7 * static_cast<double>(i) + 0.3)));
        sin.push_back(static_cast<float>(std::sin(0.7 * static_cast<double>(i) + 0.3)));
      }
      std::vector<float> turned = heads, slow = heads;
      table().rope(turned.data(), kHeads, head_dim, rotary_dim, pairs, cos.data(), sin.data());
      slowest().rope(slow.data(), kHeads, head_dim, rotary_dim, pairs, cos.data(), sin.data());
      EXPECT_TRUE(same_bits(turned, slow)) << head_dim << " " << rotary_dim;
      for (size_t h = 0; h < kHeads; ++h) {
        const auto want = reference::rope(heads.data() + h * head_dim, head_dim, rotary_dim, pairs, cos.data(), sin.data());
        const std::span<const float> head = std::span(turned).subspan(h * head_dim, head_dim);
        // Two products of numbers below 4 and their sum: three roundings.
        EXPECT_TRUE(all_near(head, want, 3 * 8 * 0x1p-24)) << head_dim << " " << rotary_dim;
        EXPECT_TRUE(
            same_bits(head.subspan(rotary_dim), std::span(heads).subspan(h * head_dim + rotary_dim, head_dim - rotary_dim)));
      }
    }
  }
}

TEST_P(ElementwiseTest, ActivationsAreTheirFormulas) {
  for (const size_t n : odd_sizes()) {
    const std::vector<float> gate = random_floats(n, 2, 3.0f), up = random_floats(n, 3);
    for (const Activation activation : kActivations) {
      for (const float* factor : {up.data(), static_cast<const float*>(nullptr)}) {
        std::vector<float> out(n), slow(n), in_place = gate;
        std::vector<double> want(n);
        for (size_t i = 0; i < n; ++i) want[i] = reference::activate(activation, gate[i]) * (factor != nullptr ? factor[i] : 1.0f);
        table().activate(activation, gate.data(), factor, n, out.data());
        table().activate(activation, in_place.data(), factor, n, in_place.data());
        slowest().activate(activation, gate.data(), factor, n, slow.data());
        // math_test.cpp holds the errors of the functions; the product adds half an ulp. |gate * up| stays below 36.
        EXPECT_TRUE(all_near(out, want, 36 * 4 * 0x1p-23)) << n << " activation " << static_cast<int>(activation);
        EXPECT_TRUE(same_bits(out, slow)) << n;
        EXPECT_TRUE(same_bits(in_place, out)) << n;
      }
    }
  }
}

TEST_P(ElementwiseTest, ActivationsAtTheEndsOfTheirRange) {
  const std::vector<float> x = {0.0f,    -0.0f, 1e-45f, -1e-45f, 1e-38f, -1e-38f, 88.0f,  -88.0f,    88.8f, -88.8f, 104.0f,
                                -104.0f, 1e4f,  -1e4f,  1e20f,   -1e20f, 3e38f,   -3e38f, HUGE_VALF, 5.0f,  -13.0f, 13.0f};
  for (const Activation activation : kActivations) {
    std::vector<float> out(x.size()), slow(x.size());
    table().activate(activation, x.data(), nullptr, x.size(), out.data());
    slowest().activate(activation, x.data(), nullptr, x.size(), slow.data());
    EXPECT_TRUE(same_bits(out, slow));
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = reference::activate(activation, x[i]);
      if (std::isinf(want)) {
        EXPECT_EQ(out[i], want) << x[i] << " activation " << static_cast<int>(activation);
      } else {
        EXPECT_NEAR(out[i], want, 2e-6 * std::fabs(want) + 1e-36) << x[i] << " activation " << static_cast<int>(activation);
      }
    }
    EXPECT_TRUE(std::signbit(out[1])) << "activation " << static_cast<int>(activation) << " of -0";
  }
}

TEST_P(ElementwiseTest, ActivationsKeepNaN) {
  for (const Activation activation : kActivations) {
    const std::vector<float> x(17, NAN);
    std::vector<float> out(17);
    table().activate(activation, x.data(), nullptr, x.size(), out.data());
    EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[16])) << static_cast<int>(activation);
  }
}

TEST_P(ElementwiseTest, AddAndScaleAreRoundedOnce) {
  for (const size_t n : odd_sizes()) {
    const std::vector<float> x = random_floats(n, 4);
    std::vector<float> y = random_floats(n, 5), scaled = x, sum = y, product = x;
    for (size_t i = 0; i < n; ++i) {
      sum[i] = y[i] + x[i];
      product[i] = x[i] * 0.3f;
    }
    table().add(x.data(), y.data(), n);
    table().scale(0.3f, scaled.data(), n);
    EXPECT_TRUE(same_bits(y, sum)) << n;
    EXPECT_TRUE(same_bits(scaled, product)) << n;
  }
}

TEST_P(ElementwiseTest, SoftCapBoundsAndKeepsSmallNumbers) {
  for (const float cap : {30.0f, 50.0f, 0.5f}) {
    for (const size_t n : odd_sizes()) {
      std::vector<float> x = random_floats(n, 6, 40.0f);
      x[0] = 1e-6f;
      x[n - 1] = n > 1 ? -3e38f : x[0];
      std::vector<float> capped = x, slow = x;
      std::vector<double> want;
      for (const float value : x) want.push_back(cap * std::tanh(static_cast<double>(value) / cap));
      table().soft_cap(cap, capped.data(), n);
      slowest().soft_cap(cap, slow.data(), n);
      // x / cap rounds by half an ulp, which tanh carries on at most as it is; tanh itself and the product round by 3 more.
      EXPECT_TRUE(all_near(capped, want, 4 * cap * 0x1p-24)) << n << " " << cap;
      EXPECT_LE(ulps(capped[0], want[0]), 4.0);
      EXPECT_TRUE(same_bits(capped, slow)) << n << " " << cap;
    }
  }
}

SOTTO_PER_TARGET(ElementwiseTest);

}  // namespace
}  // namespace sotto::kernels
