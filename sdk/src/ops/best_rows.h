// best_rows: the largest outputs of a product with one token, exact, without reading all of its weights. The high halves of the
// weights' codes tell how large each output can be at most; only rows that can be among the best are multiplied. The bounds are
// strict, so none is missed. Made for heads of many thousand rows, which are most of a small model's bytes.
#pragma once

#include "ops/context.h"
#include "tensor/packed_matrix.h"

namespace sotto::ops {

/// Of a matrix with as many rows and columns.
struct RowScreen {
  PackedMatrix high;             // high halves of its rows, rounded to Q8_0 where they are of another type
  const float* rests = nullptr;  // (n_rows) rest_bound()

  explicit operator bool() const noexcept { return static_cast<bool>(high); }
};

/// How much more than its high halves tell a row may give, in units that all causes share.
float rest_bound(const kernels::RowRest& rest) noexcept;

/// Whether the n_best (0: all) largest of n_rows outputs are few enough.
bool screening_pays(size_t n_best, size_t n_rows) noexcept;

/// Bytes best_rows needs besides linear_scratch_bytes of one token.
uint64_t best_rows_scratch_bytes(size_t n_rows, size_t n_cols) noexcept;

/// x: (weight.n_cols), out: (weight.n_rows): at least the n_best largest outputs and all that equal the least of them are those of
/// linear(), bit for bit; every other one is that of linear() or -infinity. False: a computed output is not finite. Precondition:
/// screening_pays(). `scratch` holds linear_scratch_bytes, `own_scratch` best_rows_scratch_bytes; both aligned.
bool best_rows(const OpContext& context, const float* x, const PackedMatrix& weight, const RowScreen& screen, size_t n_best,
               float* out, std::byte* scratch, std::byte* own_scratch);

}  // namespace sotto::ops
