// Weight matrices, activations and products for the matmul tests: rows as they lie in a file, packed and multiplied by one kernel
// table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/kernel_test.h"

namespace sotto::kernels {

/// One shape of one computed type. n_cols is padded for the kernels, n_cols_file is what the file has.
struct MatrixCase {
  quant::DType type;
  size_t n_cols_file, n_cols;

  const quant::TypeInfo& info() const { return quant::info(type); }
  std::string text() const;
};
/// Every computed type with one block, a few, an odd number of 32 columns, padding where the type allows it.
std::vector<MatrixCase> matrix_cases();

/// Rows one after the other, as in a file.
struct FileRows {
  MatrixCase shape;
  size_t n_rows, row_bytes;
  std::vector<std::byte> bytes;

  const std::byte* row(size_t i) const { return bytes.data() + i * row_bytes; }
  std::vector<float> decoded(size_t i) const;  // (n_cols), zeros behind n_cols_file
};

/// All codes at random, and scales of both signs between 1/64 and 1/16. Float types: about normal numbers.
FileRows random_rows(const MatrixCase& shape, size_t n_rows, uint32_t seed);
/// Blocks of equal bytes, their half-precision scales set to `half` (scales of 6 or 8 bits are part of the pattern). Coded types
/// only.
FileRows patterned_rows(const MatrixCase& shape, size_t n_rows, uint8_t pattern, uint16_t half);
/// Makes the scale of one row's first block (its first weight, for float types) not a number.
void spoil_row(FileRows& rows, size_t row);

/// (n_tokens, n_cols_file) floats
struct Tokens {
  size_t n_tokens;
  std::vector<float> x;
};
/// About normal numbers, none of which lies so near to a half step of its block's 8-bit or 16-bit scale that float arithmetic could
/// decide its rounding.
Tokens random_tokens(const MatrixCase& shape, size_t n_tokens, uint32_t seed, float scale = 1.0f);

/// How a product is computed.
struct Way {
  bool f32 = false;   // matmul_f32
  bool rest = false;  // what rounding to 8 bits leaves of the activations
  size_t first_token = 0, n_tokens = SIZE_MAX;
  size_t first_group = 0, n_groups = SIZE_MAX;
  const float* bias = nullptr;        // of row 0 of the matrix
  std::span<const float> start = {};  // accumulated onto; (n_tokens, rows of the groups)
};

/// A matrix packed for one table.
class PackedRows {
 public:
  PackedRows(const KernelTable& kernels, const FileRows& rows, size_t n_rows);

  size_t n_groups() const { return (n_rows_ + kernel().rows_per_group - 1) / kernel().rows_per_group; }
  const WeightKernels& kernel() const { return table_.weights[static_cast<size_t>(shape_.type)]; }
  const std::byte* group(size_t i) const { return groups_.data() + i * kernel().group_bytes(shape_.n_cols); }
  /// (n_tokens, rows of the groups). Checks that nothing else of the output is written.
  std::vector<float> times(const Tokens& tokens, const Way& way = {}) const;

 private:
  std::vector<std::byte> prepare(const Tokens& tokens, const Way& way, size_t n_tokens) const;

  const KernelTable& table_;
  MatrixCase shape_;
  size_t n_rows_;
  std::vector<std::byte> groups_;
};

/// What times() should give, per token and row, with the sums of magnitudes that its error is measured against.
std::vector<test::reference::Sum> oracle(const FileRows& rows, const Tokens& tokens, bool f32);

/// `floor` is an absolute error that is let pass: where products leave the range of normal floats.
testing::AssertionResult near_oracle(std::span<const float> got, const std::vector<test::reference::Sum>& want,
                                     const MatrixCase& shape, bool f32, double floor = 0.0);

}  // namespace sotto::kernels
