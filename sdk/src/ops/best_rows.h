// best_rows: the largest outputs of a product with one token, exact, without reading all of its weights. Rows rounded to 4 bits
// tell how large each output can be at most; only rows that can be among the best are multiplied. The bounds are those of Cauchy
// and Schwarz, so none is missed. Made for heads of many thousand rows, which are most of a small model's bytes.
#pragma once

#include "ops/context.h"
#include "tensor/packed_matrix.h"

namespace sotto::ops {

/// Of a matrix with as many rows and columns.
struct RowScreen {
  PackedMatrix rounded;                   // its rows in 4 bits
  const float* residual_norms = nullptr;  // (n_rows) of row - rounded row, or more
  const float* norms = nullptr;           // (n_rows) of the longer of both, or more

  uint64_t bytes() const noexcept { return rounded.bytes() + 2 * uint64_t{rounded.n_rows} * sizeof(float); }
  explicit operator bool() const noexcept { return static_cast<bool>(rounded); }
};

/// Whether the n_best (0: all) largest of n_rows outputs are few enough.
bool screening_pays(size_t n_best, size_t n_rows) noexcept;

/// Bytes best_rows needs besides linear_scratch_bytes of one token.
uint64_t best_rows_scratch_bytes(size_t n_rows) noexcept;

/// x: (weight.n_cols), out: (weight.n_rows): at least the n_best largest outputs and all that equal the least of them are those of
/// linear(), bit for bit; every other one is that of linear() or -infinity. False: a computed output is not finite. Precondition:
/// screening_pays(). `scratch` holds linear_scratch_bytes, `picks` best_rows_scratch_bytes.
bool best_rows(const OpContext& context, const float* x, const PackedMatrix& weight, const RowScreen& screen, size_t n_best,
               float* out, std::byte* scratch, std::byte* picks);

}  // namespace sotto::ops
