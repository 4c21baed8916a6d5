// Sampler: logits -> token, for one request. The same seed, logits and history give the same token on every machine and SIMD
// target: the only transcendental function is the exp_sum kernel, whose bits are the same on all of them; everything after it is
// comparing and whole numbers. No libm, no order of summation, no standard library's choice of algorithm enters.
#pragma once

#include "sampling/candidates.h"
#include "sampling/random.h"
#include "sotto/generation.h"

namespace sotto::sampling {

class Sampler {
 public:
  /// An unset seed is 0: drawing one is the caller's. `kernels` must outlive the sampler. Memory is allocated here and nowhere
  /// else. Errors: those of options.validate(), invalid_argument for a bias on a token outside the vocabulary, out_of_memory.
  static Result<Sampler> make(GenerationOptions options, size_t vocab_size, const kernels::KernelTable& kernels);

  /// logits: (vocab_size), spoilt afterwards. history: every token so far, prompt included. -infinity and NaN are never drawn.
  /// Errors: numeric_fault when no token is left to draw or a logit is +infinity, invalid_argument for another number of logits.
  Result<TokenId> sample(std::span<float> logits, std::span<const TokenId> history);

  /// So many of the largest logits (and all that equal the least of them) decide every token: the others may be -infinity. 0: all.
  size_t n_best() const noexcept;

 private:
  Sampler(GenerationOptions options, size_t vocab_size, Candidates candidates);

  GenerationOptions options_;
  size_t vocab_size_;
  Candidates candidates_;
  Random random_;
};

}  // namespace sotto::sampling
