// Q8_0 in halves: the same weights and products as whole codes; the screen's bounds are what its contract says.
#include <algorithm>
#include <limits>

#include "kernels/matrices.h"

namespace sotto::kernels {
namespace {

using quant::ActivationFormat;
using quant::DType;

constexpr size_t kRows = 37;

struct Halves {
  const KernelTable& kernels;
  MatrixCase shape;
  size_t n_rows;
  std::vector<std::byte> high, low;

  Halves(const KernelTable& table, const FileRows& rows)
      : kernels(table),
        shape(rows.shape),
        n_rows(rows.n_rows),
        high(n_groups() * high_bytes(), std::byte{0xaa}),
        low(n_groups() * low_bytes(), std::byte{0xaa}) {
    for (size_t g = 0; g < n_groups(); ++g) {
      const size_t row = g * split().rows_per_group, n = std::min(split().rows_per_group, n_rows - row);
      split().pack(rows.row(row), rows.row_bytes, n, shape.n_cols_file, shape.n_cols, high.data() + g * high_bytes(),
                   low.data() + g * low_bytes());
    }
  }
  const SplitKernels& split() const { return kernels.split; }
  size_t n_groups() const { return (n_rows + split().rows_per_group - 1) / split().rows_per_group; }
  size_t high_bytes() const { return split().high_bytes(shape.n_cols); }
  size_t low_bytes() const { return split().low_bytes(shape.n_cols); }
};

std::vector<std::byte> prepared(const KernelTable& kernels, ActivationFormat format, const MatrixCase& shape,
                                const Tokens& tokens) {
  std::vector<std::byte> bytes(kernels.activation_bytes(format, shape.n_cols, tokens.n_tokens));
  for (size_t t = 0; t < tokens.n_tokens; t += kernels.token_tile(format))
    kernels.quantize_activations(format, tokens.x.data() + t * shape.n_cols_file, shape.n_cols_file,
                                 std::min(kernels.token_tile(format), tokens.n_tokens - t), shape.n_cols_file, shape.n_cols,
                                 bytes.data() + kernels.activation_bytes(format, shape.n_cols, t));
  return bytes;
}

std::vector<MatrixCase> shapes() {
  std::vector<MatrixCase> shapes = matrix_cases();
  std::erase_if(shapes, [](const MatrixCase& shape) { return shape.type != DType::q8_0; });
  return shapes;
}

double middle(const reference::WeightParts& weight) {
  return weight.scale * (((weight.code + 128) & ~15) - 120);
}

class SplitCodesTest : public PerTarget {
 protected:
  static std::vector<float> screened(const KernelTable& kernels, const FileRows& rows, const Tokens& x,
                                     const std::vector<float>& reach, const std::vector<float>& rests) {
    const Halves halves(kernels, rows);
    const auto activations = prepared(kernels, ActivationFormat::i8, rows.shape, x);
    std::vector<float> out(kRows, NAN);
    kernels.split.screen({.groups = halves.high.data(),
                          .n_groups = halves.n_groups(),
                          .n_rows = kRows,
                          .n_cols = rows.shape.n_cols,
                          .activations = activations.data(),
                          .reach = reach.data(),
                          .rests = rests.data(),
                          .out = out.data()});
    return out;
  }
};

TEST_P(SplitCodesTest, RowsComeBackBitForBit) {
  for (const MatrixCase& shape : shapes()) {
    FileRows rows = random_rows(shape, kRows, 1);
    std::mt19937 random(2);
    for (std::byte& byte : rows.bytes) byte = static_cast<std::byte>(random());  // infinities and NaN among the scales
    const Halves halves(table(), rows);
    std::vector<float> got(shape.n_cols);
    for (size_t r = 0; r < kRows; ++r) {
      const size_t group = r / halves.split().rows_per_group;
      halves.split().unpack_row(halves.high.data() + group * halves.high_bytes(), halves.low.data() + group * halves.low_bytes(),
                                r % halves.split().rows_per_group, shape.n_cols, got.data());
      const std::vector<float> want = rows.decoded(r);
      EXPECT_TRUE(same_bits(std::span(got).first(shape.n_cols_file), std::span(want).first(shape.n_cols_file))) << shape.text();
      for (size_t c = shape.n_cols_file; c < shape.n_cols; ++c) EXPECT_EQ(got[c], 0.0f);
    }
  }
}

TEST_P(SplitCodesTest, ProductsHaveTheBitsOfWholeCodes) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 3);
    const PackedRows whole(table(), rows, kRows);
    const Halves halves(table(), rows);
    for (const size_t n_tokens : {1, 2, 3, 5, 8, 9, 17}) {
      const Tokens tokens = random_tokens(shape, n_tokens, 4);
      const auto activations = prepared(table(), ActivationFormat::i16, shape, tokens);
      for (const size_t first : {size_t{0}, halves.n_groups() - 1}) {
        const size_t first_row = first * halves.split().rows_per_group, n_rows = kRows - first_row;
        std::vector<float> got(n_tokens * n_rows, NAN);
        halves.split().matmul({.groups = halves.high.data() + first * halves.high_bytes(),
                               .n_groups = halves.n_groups() - first,
                               .n_rows = n_rows,
                               .n_cols = shape.n_cols,
                               .activations = activations.data(),
                               .n_tokens = n_tokens,
                               .out = got.data(),
                               .out_stride = n_rows,
                               .bias = nullptr,
                               .accumulate = false,
                               .low = halves.low.data() + first * halves.low_bytes()});
        EXPECT_TRUE(same_bits(got, whole.times(tokens, {.first_group = first_row / whole.kernel().rows_per_group})))
            << shape.text() << ", " << n_tokens << " tokens from row " << first_row;
      }
    }
  }
}

TEST_P(SplitCodesTest, AScreenIsTheProductOfTheMiddlesAndTheRest) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 5);
    const Tokens x = random_tokens(shape, 1, 6);
    std::vector<float> reach = random_floats(shape.n_cols / kColumnBlock, 7), rests = random_floats(kRows, 8);
    for (float& number : reach) number = std::fabs(number);
    const std::vector<float> got = screened(table(), rows, x, reach, rests);
    const auto rounded = reference::round_activations(ActivationFormat::i8, x.x.data(), shape.n_cols_file);
    for (size_t r = 0; r < kRows; ++r) {
      const auto weights = reference::take_apart(DType::q8_0, rows.row(r), shape.n_cols_file);
      double want = 0, magnitude = 0;
      for (size_t c = 0; c < shape.n_cols_file; ++c) {
        const size_t block = c / kColumnBlock;
        const double term = middle(weights[c]) * static_cast<double>(rounded.scale[block]) * rounded.code[c];
        const double rest = c % kColumnBlock != 0 ? 0 : std::fabs(weights[c].scale) * static_cast<double>(reach[block]) * rests[r];
        want += term + rest;
        magnitude += 2 * std::fabs(term) + std::fabs(rest);
      }
      ASSERT_NEAR(got[r], want, 1e-5 * magnitude) << shape.text() << " row " << r;
    }
    EXPECT_TRUE(same_bits(got, screened(slowest(), rows, x, reach, rests)));
  }
}

TEST_P(SplitCodesTest, RestsAreThoseOfTheWorstBlockRoundedUp) {
  const auto near = [](float got, double square) {
    EXPECT_GE(got, std::sqrt(square));
    EXPECT_LE(got, std::sqrt(square) * 1.01);
  };
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 9);
    for (size_t r = 0; r < kRows; ++r) {
      const auto weights = reference::take_apart(DType::q8_0, rows.row(r), shape.n_cols_file);
      std::vector<float> exact = rows.decoded(r);
      exact.resize(shape.n_cols_file);
      for (const bool moved : {false, true}) {
        if (moved)
          for (size_t c = 0; c < exact.size(); ++c) exact[c] += 0.4f * static_cast<float>(weights[c].scale * (c % 3 == 0 ? 1 : -1));
        const RowRest got = table().split.rest(rows.row(r), moved ? exact.data() : nullptr, shape.n_cols_file);
        double norm = 0, largest = 64, whole = 0;
        for (size_t c = 0; c < exact.size(); c += kColumnBlock) {
          double of_rest = 0, of_whole = 0;
          for (size_t i = c; i < c + kColumnBlock; ++i) {
            const double rest = (exact[i] - middle(weights[i])) / weights[i].scale;
            of_rest += rest * rest;
            of_whole += exact[i] / weights[i].scale * (exact[i] / weights[i].scale);
            largest = std::max(largest, rest * rest);
          }
          norm = std::max(norm, of_rest);
          whole = std::max(whole, of_whole);
        }
        near(got.norm, norm);
        near(got.largest, largest);
        near(got.whole, whole);
      }
    }
  }
}

// Weights that their step cannot tell, or that are no numbers, may be anything.
TEST_P(SplitCodesTest, WhatHasNoStepHasNoBound) {
  const MatrixCase shape{DType::q8_0, 64, 64};
  const FileRows zeros = patterned_rows(shape, 1, 0, 0);
  std::vector<float> exact(64, 0.0f);
  EXPECT_LT(table().split.rest(zeros.row(0), exact.data(), 64).norm, 50.0f);
  exact[40] = 1e-30f;
  EXPECT_EQ(table().split.rest(zeros.row(0), exact.data(), 64).norm, std::numeric_limits<float>::infinity());
  exact[40] = NAN;
  EXPECT_TRUE(std::isnan(table().split.rest(zeros.row(0), exact.data(), 64).norm));
}

SOTTO_PER_TARGET(SplitCodesTest);

}  // namespace
}  // namespace sotto::kernels
