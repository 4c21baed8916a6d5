// Rotation angles of positions. Frequencies and angles are computed in double and rounded once.
// Formulas: RoFormer (arXiv 2104.09864), YaRN (arXiv 2309.00071), transformers' modeling_rope_utils for linear, dynamic and llama3.
#pragma once

#include <vector>

#include "model/spec.h"

namespace sotto::model {

/// Radians per position for each rotated pair: (rotary_dim / 2). `context` is the length of the session: dynamic scaling takes the
/// base that suits it from the first token on, so that a text does not change with the way it was cut. `factors` divide
/// (rope_freqs.weight of GGUF), or nullptr.
std::vector<double> rope_frequencies(const RopeSpec& rope, size_t rotary_dim, size_t context, const float* factors);

/// Rounds the frequencies of every rope to the type of the weights: what converting a whole model in PyTorch
/// (`model.to(torch.bfloat16)`) does, and loading 16-bit weights does not. Errors: invalid_argument, for weights in blocks.
Status round_frequencies(ModelSpec& spec, quant::DType weights);

/// cos and sin of one position: (n_pairs) each, times the attention factor.
void rope_angles(const std::vector<double>& frequencies, double attention_factor, size_t position, float* cos, float* sin);

}  // namespace sotto::model
