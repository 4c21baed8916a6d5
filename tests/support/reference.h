// The oracle of the kernel tests: every computation in double precision, written from its formula and from the layout comments of
// quant/*.h, with no code of the kernels or codecs. Slow and plain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernel_table.h"
#include "quant/all.h"

namespace sotto::test::reference {

/// weight = scale * code - minimum, exactly. Sixteen consecutive weights from a multiple of sixteen share scale and minimum, except
/// for the float types, where the weight is the scale and the code one.
struct WeightParts {
  double scale;
  int32_t code;
  double minimum;
};
std::vector<WeightParts> take_apart(quant::DType type, const std::byte* row, size_t n_cols);

/// Activations rounded by the rule of quant::ActivationFormat (i8 or i16): column c is scale[c / 32] * code[c]. n: multiple of 32.
struct RoundedRow {
  std::vector<float> scale;
  std::vector<int32_t> code;
};
RoundedRow round_activations(quant::ActivationFormat format, const float* x, size_t n);

/// A sum, and the sum of the magnitudes of its terms: what the rounding of a float sum is measured against.
struct Sum {
  double value = 0.0, magnitude = 0.0;
};
Sum dot(const float* weights, const float* x, size_t n);
/// Exact in integers for sixteen columns, then in double. The terms are what a kernel has to add up in float.
Sum dot(const std::vector<WeightParts>& weights, const RoundedRow& x);

/// weight, bias: nullptr for ones, zeros. (n)
std::vector<double> rms_norm(const float* x, const float* weight, double eps, size_t n);
std::vector<double> layer_norm(const float* x, const float* weight, const float* bias, double eps, size_t n);
/// One head. cos, sin: (rotary_dim/2)
std::vector<double> rope(const float* head, size_t head_dim, size_t rotary_dim, kernels::RopePairs pairs, const float* cos,
                         const float* sin);
double activate(kernels::Activation activation, double x);

/// One query over positions [first, end). keys, values: (positions, head_dim)
struct AttentionQuery {
  const float* query;
  const float* keys;
  const float* values;
  size_t head_dim, first, end;
  double scale, soft_cap;
};
std::vector<double> attention(const AttentionQuery& query);

}  // namespace sotto::test::reference
