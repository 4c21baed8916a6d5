// Matrix products at the ends of their ranges: the largest codes and sums, zeros, huge and tiny numbers, faults; and how
// activations round.
#include <algorithm>
#include <cstring>

#include "kernels/matrices.h"

namespace sotto::kernels {
namespace {

constexpr size_t kRows = 35, kTokens = 5;

class MatmulExtremesTest : public PerTarget {
 protected:
  /// One shape per type: three blocks of 32 columns, or two of 256.
  static std::vector<MatrixCase> shapes() {
    std::vector<MatrixCase> shapes;
    for (const quant::TypeInfo& type : quant::all_types()) {
      const size_t n = type.block_size == 256 ? 512 : 96;
      if (type.computed()) shapes.push_back({type.type, n, n});
    }
    return shapes;
  }
  static void expect_oracle_and_scalar_bits(const FileRows& rows, const Tokens& tokens, double floor = 0.0) {
    for (const bool f32 : {false, true}) {
      const std::vector<float> got = PackedRows(table(), rows, rows.n_rows).times(tokens, {.f32 = f32});
      EXPECT_TRUE(near_oracle(got, oracle(rows, tokens, f32), rows.shape, f32, floor)) << rows.shape.text() << " f32 " << f32;
      EXPECT_TRUE(same_bits(got, PackedRows(slowest(), rows, rows.n_rows).times(tokens, {.f32 = f32}))) << rows.shape.text();
    }
  }
  static Tokens equal_tokens(const MatrixCase& shape, float x) { return {1, std::vector<float>(shape.n_cols_file, x)}; }
};

// Codes and activations at their limits, all of one sign or in turns: where sums in 16 bits would overflow. 0x80 holds -128 in
// Q8_0.
TEST_P(MatmulExtremesTest, LargestCodesTimesLargestActivations) {
  for (const MatrixCase& shape : shapes()) {
    if (shape.info().block_size == 1) continue;
    Tokens tokens{4, {}};
    for (const float factor : {1.0f, -1.0f, 0.5f, -3.0f}) {
      for (size_t c = 0; c < shape.n_cols_file; ++c) tokens.x.push_back(factor == 0.5f && c % 2 == 1 ? -factor : factor);
    }
    for (const int pattern : {0x00, 0xff, 0x80, 0x7f, 0x81, 0xf0, 0x0f, 0x55}) {
      for (const uint16_t half : {0x3c00, 0xbc00, 0x7bff, 0xfbff}) {  // 1, -1, 65504, -65504
        expect_oracle_and_scalar_bits(patterned_rows(shape, 9, static_cast<uint8_t>(pattern), half), tokens);
      }
    }
  }
}

TEST_P(MatmulExtremesTest, SubnormalScales) {
  for (const MatrixCase& shape : shapes()) {
    if (shape.info().block_size == 1) continue;
    for (const uint16_t half : {0x0001, 0x8001, 0x03ff, 0x0000}) {
      expect_oracle_and_scalar_bits(patterned_rows(shape, 9, 0xb7, half), random_tokens(shape, kTokens, 5));
    }
  }
}

TEST_P(MatmulExtremesTest, ZerosGiveZero) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 6);
    FileRows zeros = rows;
    std::fill(zeros.bytes.begin(), zeros.bytes.end(), std::byte{});
    for (const bool f32 : {false, true}) {
      for (const float sum : PackedRows(table(), rows, kRows).times(equal_tokens(shape, 0.0f), {.f32 = f32})) EXPECT_EQ(sum, 0.0f);
      for (const float sum : PackedRows(table(), rows, kRows).times(equal_tokens(shape, -0.0f), {.f32 = f32})) EXPECT_EQ(sum, 0.0f);
      for (const float sum : PackedRows(table(), zeros, kRows).times(random_tokens(shape, kTokens, 7), {.f32 = f32}))
        EXPECT_EQ(sum, 0.0f);
    }
  }
}

// 1e-30: a product of both scales may be a subnormal number, known to 2^-149 only, times a sum of at most 2^28.
TEST_P(MatmulExtremesTest, HugeAndTinyActivations) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 8);
    expect_oracle_and_scalar_bits(rows, random_tokens(shape, kTokens, 9, 1e30f));
    expect_oracle_and_scalar_bits(rows, random_tokens(shape, kTokens, 10, 1e-30f), 0x1p-121 * 32);
  }
}

// Too small for the quotient of their scale: what comes out is about zero, never a fault.
TEST_P(MatmulExtremesTest, SubnormalActivations) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 8);
    for (const float x : {1e-36f, 1e-38f, 1e-45f}) {
      for (const bool f32 : {false, true}) {
        const Tokens tokens = equal_tokens(shape, x);
        const std::vector<float> got = PackedRows(table(), rows, kRows).times(tokens, {.f32 = f32});
        for (const float sum : got) EXPECT_LE(std::fabs(sum), 1e-30f) << shape.text();
        EXPECT_TRUE(same_bits(got, PackedRows(slowest(), rows, kRows).times(tokens, {.f32 = f32}))) << shape.text();
      }
    }
  }
}

TEST_P(MatmulExtremesTest, AFaultInATokenStaysInItsToken) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 11);
    const Tokens tokens = random_tokens(shape, kTokens, 12);
    for (const float fault : {NAN, HUGE_VALF, -HUGE_VALF}) {
      Tokens faulty = tokens;
      faulty.x[2 * shape.n_cols_file + 45] = fault;
      for (const bool f32 : {false, true}) {
        const PackedRows matrix(table(), rows, kRows);
        std::vector<float> got = matrix.times(faulty, {.f32 = f32}), want = matrix.times(tokens, {.f32 = f32});
        for (size_t r = 0; r < kRows; ++r) {
          EXPECT_FALSE(std::isfinite(got[2 * kRows + r])) << shape.text() << " f32 " << f32 << " row " << r;
          got[2 * kRows + r] = want[2 * kRows + r];
        }
        EXPECT_TRUE(same_bits(got, want)) << shape.text();
      }
    }
  }
}

TEST_P(MatmulExtremesTest, AFaultInARowStaysInItsRow) {
  for (const MatrixCase& shape : shapes()) {
    const FileRows rows = random_rows(shape, kRows, 13);
    const Tokens tokens = random_tokens(shape, kTokens, 14);
    FileRows faulty = rows;
    spoil_row(faulty, 33);
    for (const bool f32 : {false, true}) {
      std::vector<float> got = PackedRows(table(), faulty, kRows).times(tokens, {.f32 = f32});
      const std::vector<float> want = PackedRows(table(), rows, kRows).times(tokens, {.f32 = f32});
      for (size_t t = 0; t < kTokens; ++t) {
        EXPECT_TRUE(std::isnan(got[t * kRows + 33])) << shape.text() << " f32 " << f32;
        got[t * kRows + 33] = want[t * kRows + 33];
      }
      EXPECT_TRUE(same_bits(got, want)) << shape.text();
    }
  }
}

// Rows that hold a one in one column each give the rounded activations back. The peak makes the scale a power of two.
TEST_P(MatmulExtremesTest, ActivationsRoundToTheNearestEven) {
  struct Rounding {
    quant::DType type;
    uint8_t zero, one;  // bytes of codes: Q4_0 holds 0 as 8 and 1 as 9, two weights in a byte
    float peak;
  };
  for (const auto [type, zero, one, peak] :
       {Rounding{quant::DType::q8_0, 0, 1, 32512.0f}, {quant::DType::q4_0, 0x88, 0x01, 127.0f}}) {
    const MatrixCase shape{type, 32, 32};
    FileRows rows = patterned_rows(shape, 32, zero, 0x3c00);
    for (size_t r = 0; r < 32; ++r) {
      std::byte* codes = rows.bytes.data() + r * rows.row_bytes + 2;
      if (type == quant::DType::q8_0)
        codes[r] = std::byte{one};
      else
        codes[r % 16] ^= std::byte{static_cast<uint8_t>(one << (r / 16 * 4))};
    }
    for (const float step : {1.0f, 0x1p-20f, 0x1p20f}) {
      Tokens tokens{1, std::vector<float>(32)};
      std::vector<float> want(32);
      for (size_t c = 0; c < 32; ++c) {
        const float code = static_cast<float>(c / 2) + (c % 2 == 0 ? 0.5f : 0.25f);
        tokens.x[c] = (c % 3 == 0 ? -code : code) * step;
        want[c] = std::nearbyint(c % 3 == 0 ? -code : code) * step;
      }
      tokens.x[31] = want[31] = -peak * step;
      const std::vector<float> got = PackedRows(table(), rows, 32).times(tokens);
      for (size_t c = 0; c < 32; ++c) EXPECT_EQ(got[c], want[c]) << shape.text() << " step " << step << " column " << c;
    }
  }
}

SOTTO_PER_TARGET(MatmulExtremesTest);

}  // namespace
}  // namespace sotto::kernels
