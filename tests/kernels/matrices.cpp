#include "kernels/matrices.h"

#include <algorithm>
#include <cstring>

#include "quant/f16.h"
#include "quant/iq4_nl.h"
#include "quant/q2_k.h"
#include "quant/q3_k.h"
#include "quant/q4_0.h"
#include "quant/q4_1.h"
#include "quant/q4_k.h"
#include "quant/q5_0.h"
#include "quant/q5_1.h"
#include "quant/q5_k.h"
#include "quant/q6_k.h"
#include "quant/q8_0.h"

namespace sotto::kernels {
namespace {

using quant::ActivationFormat;
using quant::DType;

// Where the half-precision scales of a block lie.
std::vector<size_t> half_fields(DType type) {
  switch (type) {
    case DType::q4_1:
      return {offsetof(quant::q4_1::Block, d), offsetof(quant::q4_1::Block, m)};
    case DType::q5_1:
      return {offsetof(quant::q5_1::Block, d), offsetof(quant::q5_1::Block, m)};
    case DType::q2_k:
      return {offsetof(quant::q2_k::Block, d), offsetof(quant::q2_k::Block, dmin)};
    case DType::q3_k:
      return {offsetof(quant::q3_k::Block, d)};
    case DType::q4_k:
      return {offsetof(quant::q4_k::Block, d), offsetof(quant::q4_k::Block, dmin)};
    case DType::q5_k:
      return {offsetof(quant::q5_k::Block, d), offsetof(quant::q5_k::Block, dmin)};
    case DType::q6_k:
      return {offsetof(quant::q6_k::Block, d)};
    default:
      return {0};  // d comes first
  }
}

size_t padded_columns(DType type, size_t n_cols) {
  const size_t unit = std::max<size_t>(quant::info(type).block_size, kColumnBlock);
  return (n_cols + unit - 1) / unit * unit;
}

FileRows empty_rows(const MatrixCase& shape, size_t n_rows) {
  const size_t row_bytes = static_cast<size_t>(*quant::row_bytes(shape.type, shape.n_cols_file));
  return {shape, n_rows, row_bytes, std::vector<std::byte>(n_rows * row_bytes)};
}

bool near_half_step(float x, float peak, float largest_code) {
  const double code = std::fabs(static_cast<double>(x)) / peak * largest_code;
  return std::fabs(code - std::floor(code) - 0.5) < 0.02;
}

}  // namespace

std::string MatrixCase::text() const {
  return std::string(info().name) + " columns " + std::to_string(n_cols_file) + " of " + std::to_string(n_cols);
}

std::vector<MatrixCase> matrix_cases() {
  std::vector<MatrixCase> cases;
  for (const quant::TypeInfo& type : quant::all_types()) {
    if (!type.computed()) continue;
    std::vector<size_t> columns = {32, 64, 96, 160, 576};
    if (type.block_size == 1) columns = {1, 32, 33, 96, 172, 576};
    if (type.block_size == 256) columns = {256, 512, 768};
    for (const size_t n : columns) cases.push_back({type.type, n, padded_columns(type.type, n)});
    const size_t padding = std::max<size_t>(type.block_size, kColumnBlock);  // whole blocks of it
    cases.push_back({type.type, padding, 3 * padding});
  }
  return cases;
}

std::vector<float> FileRows::decoded(size_t i) const {
  std::vector<float> weights(shape.n_cols);
  shape.info().decode(row(i), shape.n_cols_file, weights.data());
  return weights;
}

FileRows random_rows(const MatrixCase& shape, size_t n_rows, uint32_t seed) {
  FileRows rows = empty_rows(shape, n_rows);
  if (shape.info().block_size == 1) {
    const std::vector<float> weights = random_floats(n_rows * shape.n_cols_file, seed);
    shape.info().encode(weights.data(), weights.size(), rows.bytes.data());
    return rows;
  }
  std::mt19937 random(seed);
  for (std::byte& byte : rows.bytes) byte = static_cast<std::byte>(random());
  for (size_t at = 0; at < rows.bytes.size(); at += shape.info().block_bytes) {
    for (const size_t field : half_fields(shape.type)) {
      // sign, exponent of 1/64 or 1/32, any fraction
      const auto half = static_cast<uint16_t>((random() & 0x83ff) | (9 + random() % 2) << 10);
      std::memcpy(rows.bytes.data() + at + field, &half, sizeof half);
    }
  }
  return rows;
}

FileRows patterned_rows(const MatrixCase& shape, size_t n_rows, uint8_t pattern, uint16_t half) {
  FileRows rows = empty_rows(shape, n_rows);
  std::fill(rows.bytes.begin(), rows.bytes.end(), static_cast<std::byte>(pattern));
  for (size_t at = 0; at < rows.bytes.size(); at += shape.info().block_bytes) {
    for (const size_t field : half_fields(shape.type)) std::memcpy(rows.bytes.data() + at + field, &half, sizeof half);
  }
  return rows;
}

void spoil_row(FileRows& rows, size_t row) {
  std::byte* block = rows.bytes.data() + row * rows.row_bytes;
  if (rows.shape.info().block_size == 1) {
    std::memset(block, 0xff, rows.shape.info().block_bytes);
  } else {
    std::memset(block + half_fields(rows.shape.type)[0], 0x7f, 2);
  }
}

Tokens random_tokens(const MatrixCase& shape, size_t n_tokens, uint32_t seed, float scale) {
  Tokens tokens{n_tokens, random_floats(n_tokens * shape.n_cols_file, seed, scale)};
  for (size_t start = 0; start < tokens.x.size();) {
    const size_t in_row = start % shape.n_cols_file;
    const size_t n = std::min(kColumnBlock, shape.n_cols_file - in_row);
    float* block = tokens.x.data() + start;
    const float peak = std::fabs(*std::max_element(block, block + n, [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
    for (size_t i = 0; i < n; ++i) {
      while (near_half_step(block[i], peak, 127.0f) || near_half_step(block[i], peak, 32512.0f)) block[i] *= 0.998f;
    }
    start += n;
  }
  return tokens;
}

PackedRows::PackedRows(const KernelTable& kernels, const FileRows& rows, size_t n_rows)
    : table_(kernels),
      shape_(rows.shape),
      n_rows_(n_rows),
      groups_(n_groups() * kernel().group_bytes(shape_.n_cols), std::byte{0xaa}) {
  const size_t per_group = kernel().rows_per_group, group_bytes = kernel().group_bytes(shape_.n_cols);
  for (size_t first = 0; first < n_rows; first += per_group) {
    kernel().pack(rows.row(first), rows.row_bytes, std::min(per_group, n_rows - first), shape_.n_cols_file, shape_.n_cols,
                  groups_.data() + first / per_group * group_bytes);
  }
}

std::vector<std::byte> PackedRows::prepare(const Tokens& tokens, const Way& way, size_t n_tokens) const {
  const ActivationFormat format = way.f32    ? ActivationFormat::f32
                                  : way.rest ? ActivationFormat::i8_rest
                                             : shape_.info().activations;
  std::vector<std::byte> prepared(table_.activation_bytes(format, shape_.n_cols, n_tokens));
  for (size_t t = 0; t < n_tokens; t += table_.token_tile(format)) {
    const std::span<const float> rows = std::span(tokens.x).subspan((way.first_token + t) * shape_.n_cols_file);
    table_.quantize_activations(format, rows.data(), shape_.n_cols_file, std::min(table_.token_tile(format), n_tokens - t),
                                shape_.n_cols_file, shape_.n_cols,
                                prepared.data() + table_.activation_bytes(format, shape_.n_cols, t));
  }
  return prepared;
}

std::vector<float> PackedRows::times(const Tokens& tokens, const Way& way) const {
  constexpr float kCanary = 12345.0f;
  const size_t n_tokens = std::min(way.n_tokens, tokens.n_tokens - way.first_token);
  const size_t groups = std::min(way.n_groups, n_groups() - way.first_group), first_row = way.first_group * kernel().rows_per_group;
  const size_t n_rows = std::min(groups * kernel().rows_per_group, n_rows_ - first_row), stride = n_rows + 3;
  const std::vector<std::byte> activations = prepare(tokens, way, n_tokens);
  std::vector<float> out((n_tokens - 1) * stride + n_rows, kCanary);
  for (size_t t = 0; t < n_tokens && !way.start.empty(); ++t) {
    std::copy_n(way.start.data() + t * n_rows, n_rows, out.data() + t * stride);
  }
  (way.f32 ? kernel().matmul_f32 : kernel().matmul)({.groups = group(way.first_group),
                                                     .n_groups = groups,
                                                     .n_rows = n_rows,
                                                     .n_cols = shape_.n_cols,
                                                     .activations = activations.data(),
                                                     .n_tokens = n_tokens,
                                                     .out = out.data(),
                                                     .out_stride = stride,
                                                     .bias = way.bias != nullptr ? way.bias + first_row : nullptr,
                                                     .accumulate = !way.start.empty()});
  std::vector<float> dense;
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % stride < n_rows)
      dense.push_back(out[i]);
    else
      EXPECT_EQ(out[i], kCanary) << "written beside the rows, at row " << i % stride << " of " << n_rows;
  }
  return dense;
}

std::vector<test::reference::Sum> oracle(const FileRows& rows, const Tokens& tokens, bool f32) {
  const bool floats = f32 || rows.shape.info().activations == ActivationFormat::f32;
  std::vector<std::vector<float>> decoded;
  std::vector<std::vector<reference::WeightParts>> parts;
  for (size_t r = 0; r < rows.n_rows; ++r) {
    if (floats)
      decoded.push_back(rows.decoded(r));
    else
      parts.push_back(reference::take_apart(rows.shape.type, rows.row(r), rows.shape.n_cols_file));
  }
  std::vector<reference::Sum> sums;
  for (size_t t = 0; t < tokens.n_tokens; ++t) {
    const float* x = tokens.x.data() + t * rows.shape.n_cols_file;
    if (floats) {
      for (const auto& row : decoded) sums.push_back(reference::dot(row.data(), x, rows.shape.n_cols_file));
    } else {
      const auto rounded = reference::round_activations(rows.shape.info().activations, x, rows.shape.n_cols_file);
      for (const auto& row : parts) sums.push_back(reference::dot(row, rounded));
    }
  }
  return sums;
}

testing::AssertionResult near_oracle(std::span<const float> got, const std::vector<test::reference::Sum>& want,
                                     const MatrixCase& shape, bool f32, double floor) {
  // A sum of n float terms errs by at most n/2 ulps of the sum of magnitudes, whatever the order. Float products: a term per
  // column, its product rounded once. Coded products: an exact integer per 16 columns at most, made a float, times two scales; and
  // an offset.
  const bool floats = f32 || shape.info().activations == ActivationFormat::f32;
  const double terms = floats ? static_cast<double>(shape.n_cols) + 1 : static_cast<double>(shape.n_cols) / 8 + 4;
  if (got.size() != want.size()) return testing::AssertionFailure() << got.size() << " numbers instead of " << want.size();
  for (size_t i = 0; i < got.size(); ++i) {
    const double tolerance = terms * 0x1p-24 * want[i].magnitude + floor;
    if (!(std::fabs(got[i] - want[i].value) <= tolerance)) {
      return testing::AssertionFailure() << "[" << i << "] is " << got[i] << " instead of " << want[i].value << ", off by "
                                         << got[i] - want[i].value << ", more than " << tolerance;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace sotto::kernels
