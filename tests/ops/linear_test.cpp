// linear() against products in double: odd shapes, parts of different types, bias, accumulation, threads, stops.
#include "ops/linear.h"

#include "ops_test.h"

namespace sotto::ops {
namespace {

using quant::DType;

constexpr float kUntouched = 7.5f;

struct Part {
  RandomMatrix weight;
  std::vector<float> bias;  // may be empty
};

// All parts side by side in rows of out_stride floats, as q, k and v lie.
struct Outputs {
  size_t stride = 0;
  std::vector<float> data;
};

Outputs run(const OpContext& context, const std::vector<Part>& parts, const std::vector<float>& x, size_t x_stride, size_t n_tokens,
            bool accumulate = false, bool fine = false) {
  Outputs out;
  for (const Part& part : parts) out.stride += part.weight.packed.n_rows;
  out.stride += 3;  // a gap that must stay as it is
  out.data.assign(n_tokens * out.stride, kUntouched);
  std::vector<LinearPart> all;
  size_t column = 0;
  for (const Part& part : parts) {
    all.push_back({&part.weight.packed, part.bias.empty() ? nullptr : part.bias.data(), out.data.data() + column, out.stride,
                   accumulate, fine});
    column += part.weight.packed.n_rows;
  }
  std::vector<std::byte> scratch(
      static_cast<size_t>(linear_scratch_bytes(context.kernels, parts[0].weight.packed.n_cols, n_tokens)) + 64);
  std::byte* aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64);
  linear(context, x.data(), x_stride, n_tokens, all, aligned);
  return out;
}

void expect_products(const Outputs& out, const std::vector<Part>& parts, const std::vector<float>& x, size_t x_stride,
                     size_t n_tokens, float before, double tolerance) {
  for (size_t t = 0; t < n_tokens; ++t) {
    const float* row = out.data.data() + t * out.stride;
    for (const Part& part : parts) {
      const PackedMatrix& w = part.weight.packed;
      for (size_t r = 0; r < w.n_rows; ++r) {
        double sum = before + (part.bias.empty() ? 0.0 : double{part.bias[r]});
        for (size_t c = 0; c < w.n_cols; ++c) sum += double{part.weight.decoded[r * w.n_cols + c]} * x[t * x_stride + c];
        ASSERT_NEAR(row[r], sum, tolerance) << "token " << t << ", row " << r;
      }
      row += w.n_rows;
    }
    for (size_t i = 0; i < 3; ++i) ASSERT_EQ(row[i], kUntouched) << "token " << t;
  }
}

TEST(Linear, AnyShapeWithFloatActivations) {
  Machine machine(3);
  machine.activations = ActivationWidth::f32;
  for (const size_t n_rows : {1, 15, 16, 33, 300})
    for (const size_t n_cols : {1, 31, 32, 100})
      for (const size_t n_tokens : {1, 2, 5, 40}) {
        const std::vector<Part> parts{{RandomMatrix(DType::f32, n_rows, n_cols, 1), random_floats(n_rows, 2)}};
        const auto x = random_floats(n_tokens * (n_cols + 5), 3);
        const Outputs out = run(machine.context(), parts, x, n_cols + 5, n_tokens);
        SCOPED_TRACE(std::to_string(n_rows) + " x " + std::to_string(n_cols) + ", tokens " + std::to_string(n_tokens));
        expect_products(out, parts, x, n_cols + 5, n_tokens, 0, 2e-5);
        if (HasFatalFailure()) return;
      }
}

std::vector<Part> mixed_parts() {
  std::vector<Part> parts;
  parts.push_back({RandomMatrix(DType::q8_0, 70, 96, 1), random_floats(70, 2)});
  parts.push_back({RandomMatrix(DType::q4_0, 17, 96, 3), {}});
  parts.push_back({RandomMatrix(DType::f16, 300, 96, 5), random_floats(300, 6)});
  return parts;
}

TEST(Linear, PartsOfDifferentTypesInOneCall) {
  const std::vector<Part> parts = mixed_parts();
  const auto x = random_floats(40 * 96, 9);
  for (const size_t n_tokens : {1, 3, 40}) {
    Machine machine(2);
    // 96 products of numbers up to 1, activations with 8 bits: half a step of 1/127 each, errors of a random walk, with room.
    expect_products(run(machine.context(), parts, x, 96, n_tokens), parts, x, 96, n_tokens, 0, 0.15);
    machine.activations = ActivationWidth::f32;
    expect_products(run(machine.context(), parts, x, 96, n_tokens), parts, x, 96, n_tokens, 0, 2e-5);
    expect_products(run(machine.context(), parts, x, 96, n_tokens, true), parts, x, 96, n_tokens, kUntouched, 2e-5);
  }
}

TEST(Linear, FineProductsAndThoseOf16BitsAreTheSame) {
  const std::vector<Part> parts = mixed_parts();
  const auto x = random_floats(40 * 96, 9);
  for (const size_t n_tokens : {1, 3, 40}) {
    for (const bool accumulate : {false, true}) {
      Machine machine(2);
      const Outputs fine = run(machine.context(), parts, x, 96, n_tokens, accumulate, true);
      expect_products(fine, parts, x, 96, n_tokens, accumulate ? kUntouched : 0, 1e-3);
      machine.activations = ActivationWidth::i16;
      EXPECT_EQ(run(machine.context(), parts, x, 96, n_tokens, accumulate).data, fine.data);
      machine.activations = ActivationWidth::f32;
      EXPECT_EQ(run(machine.context(), parts, x, 96, n_tokens, accumulate, true).data,
                run(machine.context(), parts, x, 96, n_tokens, accumulate).data);
    }
  }
}

TEST(Linear, ThreadsAndCutsDoNotChangeABit) {
  const std::vector<Part> parts = mixed_parts();
  const auto x = random_floats(40 * 96, 9);
  for (const ActivationWidth activations : {ActivationWidth::by_type, ActivationWidth::i16, ActivationWidth::f32}) {
    Machine one;
    one.activations = activations;
    const Outputs expected = run(one.context(), parts, x, 96, 40);
    for (const size_t n_threads : {2, 3, 8}) {
      Machine machine(n_threads);
      machine.activations = activations;
      EXPECT_EQ(run(machine.context(), parts, x, 96, 40).data, expected.data) << n_threads << " threads";
      for (const size_t n_tokens : {1, 7}) {
        const auto last = std::vector<float>(x.end() - static_cast<std::ptrdiff_t>(n_tokens * 96), x.end());
        const Outputs part = run(machine.context(), parts, last, 96, n_tokens);
        EXPECT_TRUE(
            std::equal(part.data.begin(), part.data.end(), expected.data.end() - static_cast<std::ptrdiff_t>(part.data.size())));
      }
    }
  }
}

constexpr size_t kManyTokens = 2000;  // so many that a piece is more work than lies between two looks at the control

TEST(Linear, StopsBetweenPieces) {
  Machine machine(2);
  CancelSource cancel;
  cancel.cancel();
  machine.control.cancel = cancel.token();
  const auto x = random_floats(96 * kManyTokens, 9);
  for (const float number : run(machine.context(), mixed_parts(), x, 96, kManyTokens).data) ASSERT_EQ(number, kUntouched);
}

TEST(Linear, AsksOncePerSoMuchWork) {
  static int n_asked;
  CancelSource cancel;
  cancel.ask([](int) { return ++n_asked < 0; }, 0);
  Machine machine;
  machine.control.cancel = cancel.token();
  const auto x = random_floats(96 * kManyTokens, 9);
  const auto asked = [&](size_t n_tokens) {
    n_asked = 0;
    run(machine.context(), mixed_parts(), x, 96, n_tokens);
    return n_asked;
  };
  EXPECT_EQ(asked(1), 1);
  EXPECT_GT(asked(kManyTokens), 4);
}

TEST(Linear, ScratchIsCountedIn64Bits) {
  EXPECT_GT(linear_scratch_bytes(best_kernels(), size_t{1} << 20, size_t{1} << 20), uint64_t{1} << 42);
}

}  // namespace
}  // namespace sotto::ops
