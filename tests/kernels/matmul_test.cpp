// Matrix products of every computed type: against the oracle, and the same bits for every target, number of tokens, range and
// partition.
#include <algorithm>

#include "kernels/matrices.h"

namespace sotto::kernels {
namespace {

constexpr size_t kRows = 65, kTokens = 33;

class MatmulTest : public PerTarget {
 protected:
  /// check(rows, tokens, way) for every shape, with rounded and with float activations.
  template <class Check>
  static void for_each_product(Check check) {
    for (const MatrixCase& shape : matrix_cases()) {
      const FileRows rows = random_rows(shape, kRows, 1);
      const Tokens tokens = random_tokens(shape, kTokens, 2);
      for (const bool f32 : {false, true}) {
        SCOPED_TRACE(shape.text() + (f32 ? " f32 activations" : ""));
        check(rows, tokens, f32);
      }
    }
  }
  /// Columns [begin, end) of rows [first, first + n) of a (n_tokens, kRows) result.
  static std::vector<float> part(const std::vector<float>& whole, size_t first, size_t n, size_t begin, size_t end) {
    std::vector<float> out;
    for (size_t t = first; t < first + n; ++t) {
      for (size_t r = begin; r < end; ++r) out.push_back(whole[t * kRows + r]);
    }
    return out;
  }
};

// A whole tile of tokens and a part of one: the other tests compare the rest with these.
TEST_P(MatmulTest, IsTheSumOfProducts) {
  for_each_product([](const FileRows& rows, const Tokens& tokens, bool f32) {
    constexpr size_t kFew = 9;
    const Tokens few{kFew, std::vector<float>(tokens.x.begin(), tokens.x.begin() + kFew * rows.shape.n_cols_file)};
    EXPECT_TRUE(near_oracle(PackedRows(table(), rows, kRows).times(few, {.f32 = f32}), oracle(rows, few, f32), rows.shape, f32));
  });
}

TEST_P(MatmulTest, SameBitsAsScalar) {
  for_each_product([](const FileRows& rows, const Tokens& tokens, bool f32) {
    EXPECT_TRUE(same_bits(PackedRows(table(), rows, kRows).times(tokens, {.f32 = f32}),
                          PackedRows(slowest(), rows, kRows).times(tokens, {.f32 = f32})));
  });
}

TEST_P(MatmulTest, AnyNumberOfRowsAndTokensGivesTheSameBits) {
  for_each_product([](const FileRows& rows, const Tokens& tokens, bool f32) {
    const std::vector<float> whole = PackedRows(table(), rows, kRows).times(tokens, {.f32 = f32});
    for (const size_t n_rows : {1, 3, 8, 31, 33, 65}) {
      const PackedRows matrix(table(), rows, n_rows);
      for (const size_t n : {1, 2, 3, 4, 5, 7, 8, 16, 33}) {
        if (n_rows == kRows || n_rows == 3 || n % 4 == 1) {
          const size_t first = (kTokens - n) / 2;
          EXPECT_TRUE(
              same_bits(matrix.times(tokens, {.f32 = f32, .first_token = first, .n_tokens = n}), part(whole, first, n, 0, n_rows)))
              << n_rows << " rows, " << n << " tokens";
        }
      }
    }
  });
}

TEST_P(MatmulTest, AnyRangeOfGroupsGivesTheSameBits) {
  for_each_product([](const FileRows& rows, const Tokens& tokens, bool f32) {
    const PackedRows matrix(table(), rows, kRows);
    const size_t per_group = matrix.kernel().rows_per_group;
    const std::vector<float> whole = matrix.times(tokens, {.f32 = f32});
    for (size_t first = 0; first < matrix.n_groups(); ++first) {
      for (const size_t n : {size_t{1}, size_t{3}, matrix.n_groups() - first}) {
        const size_t begin = first * per_group, end = std::min(begin + n * per_group, kRows);
        EXPECT_TRUE(same_bits(matrix.times(tokens, {.f32 = f32, .n_tokens = 5, .first_group = first, .n_groups = n}),
                              part(whole, 0, 5, begin, end)))
            << "groups " << first << " + " << n;
      }
    }
  });
}

// The product first, then the bias, then what was there.
TEST_P(MatmulTest, BiasAndSumAreAddedOnce) {
  const std::vector<float> bias = random_floats(kRows, 3), before = random_floats(kTokens * kRows, 4);
  for_each_product([&](const FileRows& rows, const Tokens& tokens, bool f32) {
    const PackedRows matrix(table(), rows, kRows);
    const std::vector<float> plain = matrix.times(tokens, {.f32 = f32});
    std::vector<float> with_bias = plain, with_start = plain, with_both = plain;
    for (size_t i = 0; i < plain.size(); ++i) {
      with_bias[i] = plain[i] + bias[i % kRows];
      with_start[i] = before[i] + plain[i];
      with_both[i] = before[i] + with_bias[i];
    }
    EXPECT_TRUE(same_bits(matrix.times(tokens, {.f32 = f32, .bias = bias.data()}), with_bias));
    EXPECT_TRUE(same_bits(matrix.times(tokens, {.f32 = f32, .start = before}), with_start));
    EXPECT_TRUE(same_bits(matrix.times(tokens, {.f32 = f32, .bias = bias.data(), .start = before}), with_both));
  });
}

// Two products of 8 bits: within what rounding each block to 15 bits may change.
TEST_P(MatmulTest, TheRestOfTheActivationsMakesTheProductFine) {
  for_each_product([](const FileRows& rows, const Tokens& tokens, bool f32) {
    if (f32 || rows.shape.info().activations != quant::ActivationFormat::i8) return;
    const auto fine = [&](const KernelTable& kernels) {
      const PackedRows matrix(kernels, rows, kRows);
      return matrix.times(tokens, {.rest = true, .start = matrix.times(tokens)});
    };
    const std::vector<float> got = fine(table());
    const std::vector<test::reference::Sum> want = oracle(rows, tokens, true);
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i].value, 1e-4 * want[i].magnitude) << i;
    EXPECT_TRUE(same_bits(got, fine(slowest())));
  });
}

SOTTO_PER_TARGET(MatmulTest);

}  // namespace
}  // namespace sotto::kernels
