// Log probabilities of the model, before any sampling option: from logits that no sampler has touched yet.
#pragma once

#include "kernels/kernel_table.h"
#include "sotto/generation.h"

namespace sotto::sampling {

struct LogProbabilities {
  TokenLogprob token;
  std::vector<TokenLogprob> best;  // most likely first, lowest id first among equals
};

/// Of one token and of the n_best most likely ones (fewer when fewer have a probability above 0). logits: (vocab_size)
/// Told, never used to choose: here a logarithm may differ in its last bit between machines.
/// Errors: numeric_fault for a NaN, a +infinity or nothing but -infinity, invalid_argument for a token outside the vocabulary.
Result<LogProbabilities> log_probabilities(const kernels::KernelTable& kernels, std::span<const float> logits, TokenId token,
                                           size_t n_best);

}  // namespace sotto::sampling
