// Packing: every row comes back as the codec decodes it, from rows at any address, with zeros where the file has nothing.
#include <algorithm>
#include <cstring>

#include "kernels/matrices.h"

namespace sotto::kernels {
namespace {

class PackTest : public PerTarget {
 protected:
  static std::vector<float> unpacked(const PackedRows& matrix, size_t row, size_t n_cols) {
    std::vector<float> weights(n_cols, NAN);
    const size_t per_group = matrix.kernel().rows_per_group;
    matrix.kernel().unpack_row(matrix.group(row / per_group), row % per_group, n_cols, weights.data());
    return weights;
  }
};

TEST_P(PackTest, RowsComeBackBitForBit) {
  for (const MatrixCase& shape : matrix_cases()) {
    const FileRows rows = random_rows(shape, 37, 1);
    for (const size_t n_rows : {1, 7, 37}) {
      const PackedRows matrix(table(), rows, n_rows);
      for (size_t r = 0; r < n_rows; ++r) {
        const std::vector<float> got = unpacked(matrix, r, shape.n_cols), want = rows.decoded(r);
        const auto file_columns = [&](const std::vector<float>& row) { return std::span(row).first(shape.n_cols_file); };
        EXPECT_TRUE(same_bits(file_columns(got), file_columns(want))) << shape.text() << " row " << r;
        for (size_t c = shape.n_cols_file; c < shape.n_cols; ++c) EXPECT_EQ(got[c], 0.0f) << shape.text() << " column " << c;
      }
    }
  }
}

TEST_P(PackTest, MissingRowsAreZeros) {
  for (const MatrixCase& shape : matrix_cases()) {
    const PackedRows matrix(table(), random_rows(shape, 1, 2), 1);
    for (size_t r = 1; r < matrix.kernel().rows_per_group; ++r) {
      for (const float weight : unpacked(matrix, r, shape.n_cols)) EXPECT_EQ(weight, 0.0f) << shape.text();
    }
  }
}

// Every bit pattern of scales and codes that a file may hold, infinities and NaN among them.
TEST_P(PackTest, AnyBytesComeBack) {
  for (const MatrixCase& shape : matrix_cases()) {
    FileRows rows = random_rows(shape, 9, 3);
    std::mt19937 random(4);
    for (std::byte& byte : rows.bytes) byte = static_cast<std::byte>(random());
    const PackedRows matrix(table(), rows, 9);
    for (size_t r = 0; r < 9; ++r) {
      const std::vector<float> got = unpacked(matrix, r, shape.n_cols), want = rows.decoded(r);
      EXPECT_TRUE(same_bits(std::span(got).first(shape.n_cols_file), std::span(want).first(shape.n_cols_file))) << shape.text();
    }
  }
}

TEST_P(PackTest, RowsAtAnyAddressAndDistance) {
  for (const MatrixCase& shape : matrix_cases()) {
    const WeightKernels& kernel = table().weights[static_cast<size_t>(shape.type)];
    const size_t n_rows = std::min<size_t>(3, kernel.rows_per_group), group_bytes = kernel.group_bytes(shape.n_cols);
    const FileRows rows = random_rows(shape, n_rows, 5);
    std::vector<std::byte> aligned(group_bytes, std::byte{1}), shifted(group_bytes, std::byte{2});
    kernel.pack(rows.row(0), rows.row_bytes, n_rows, shape.n_cols_file, shape.n_cols, aligned.data());
    for (size_t offset = 1; offset <= 3; ++offset) {
      const size_t stride = rows.row_bytes + 2 * offset + 1;
      std::vector<std::byte> file(offset + (n_rows - 1) * stride + rows.row_bytes, std::byte{0xff});
      for (size_t r = 0; r < n_rows; ++r) std::memcpy(file.data() + offset + r * stride, rows.row(r), rows.row_bytes);
      kernel.pack(file.data() + offset, stride, n_rows, shape.n_cols_file, shape.n_cols, shifted.data());
      EXPECT_EQ(aligned, shifted) << shape.text() << " offset " << offset;
    }
  }
}

TEST_P(PackTest, GroupBytesGrowWithTheColumns) {
  for (const MatrixCase& shape : matrix_cases()) {
    const WeightKernels& kernel = table().weights[static_cast<size_t>(shape.type)];
    const size_t unit = std::max<size_t>(shape.info().block_size, kColumnBlock), bytes = kernel.group_bytes(unit);
    EXPECT_GE(kernel.rows_per_group, 1u);
    EXPECT_EQ(kernel.group_bytes(5 * unit), 5 * bytes) << shape.text();
    // Packed rows are about as long as those of the file: decoding reads all of them for every token.
    EXPECT_LE(bytes, kernel.rows_per_group * unit / shape.info().block_size * shape.info().block_bytes * 5 / 4) << shape.text();
  }
}

TEST(CodecTest, DecodesAsTheOracleTakesApart) {
  for (const MatrixCase& shape : matrix_cases()) {
    const FileRows rows = random_rows(shape, 5, 6);
    for (size_t r = 0; r < 5; ++r) {
      const std::vector<float> decoded = rows.decoded(r);
      const auto parts = test::reference::take_apart(shape.type, rows.row(r), shape.n_cols_file);
      for (size_t c = 0; c < shape.n_cols_file; ++c) {
        EXPECT_EQ(decoded[c], static_cast<float>(parts[c].scale * parts[c].code - parts[c].minimum))
            << shape.text() << " column " << c;
      }
    }
  }
}

SOTTO_PER_TARGET(PackTest);

}  // namespace
}  // namespace sotto::kernels
