// linear: products of several matrices with the same activations in one parallel region (q, k and v; gate and up), also where the
// matrices have different number types. Activations are rounded once per format that occurs. Rows of the output are split over
// threads by bytes, never columns, so results do not depend on the number of threads.
#pragma once

#include <span>

#include "ops/context.h"
#include "tensor/packed_matrix.h"

namespace sotto::ops {

/// out[t*out_stride + r] (+)= dot(weight row r, x row t) + bias[r]
struct LinearPart {
  const PackedMatrix* weight;
  const float* bias;  // (n_rows) or nullptr
  float* out;         // (n_tokens, out_stride)
  size_t out_stride;  // floats
  bool accumulate = false;
  bool fine = false;  // x in 15 bits, also where the type's activations have 8
};

inline constexpr size_t kMaxLinearParts = 3;

/// Bytes `linear` needs for rounded activations of n_tokens rows of n_cols columns, whatever the types of its parts.
uint64_t linear_scratch_bytes(const kernels::KernelTable& kernels, size_t n_cols, size_t n_tokens) noexcept;

/// x: (n_tokens, x_stride), the first n_cols of each row are read. One to kMaxLinearParts parts, all with the same n_cols. Split
/// matrices have no product with float activations.
/// Where the context stops the work, parts of the outputs are left as they were.
void linear(const OpContext& context, const float* x, size_t x_stride, size_t n_tokens, std::span<const LinearPart> parts,
            std::byte* scratch);

}  // namespace sotto::ops
