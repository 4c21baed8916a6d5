#include "sampling/candidates.h"

#include <algorithm>

namespace sotto::sampling {

Result<Candidates> Candidates::make(const kernels::KernelTable& kernels, size_t vocab_size, size_t max_best) {
  if (vocab_size == 0 || vocab_size > kMaxVocabulary) {
    return Error{ErrorCode::invalid_argument,
                 "a vocabulary of " + std::to_string(vocab_size) + " tokens, wanted 1 to " + std::to_string(kMaxVocabulary),
                 "vocab_size"};
  }
  Candidates candidates;
  candidates.kernels_ = &kernels;
  candidates.vocab_size_ = vocab_size;
  SOTTO_ASSIGN(candidates.tokens_, Buffer::allocate(vocab_size * sizeof(TokenId), "sampling"));
  SOTTO_ASSIGN(candidates.probabilities_, Buffer::allocate(vocab_size * sizeof(float), "sampling"));
  SOTTO_ASSIGN(candidates.ranking_, Buffer::allocate(ranking_room(std::min(max_best, vocab_size)) * sizeof(Ranked), "sampling"));
  return candidates;
}

void Candidates::reset(std::span<float> logits) noexcept {
  logits_ = logits;
  whole_ = true;
}

std::span<const float> Candidates::relative_probabilities() noexcept {
  float* out = probabilities_.as<float>();
  kernels_->exp_sum(logits_.data(), kernels_->max(logits_.data(), logits_.size()), logits_.size(), out);
  return {out, logits_.size()};
}

uint64_t Candidates::total_mass(std::span<const float> relative_probabilities) noexcept {
  uint64_t total = 0;
  for (const float p : relative_probabilities) total += mass(p);
  return total;
}

void Candidates::narrow_to_best(size_t k) {
  const auto best = rank_best(*kernels_, logits_, k, {ranking_.as<Ranked>(), ranking_.size() / sizeof(Ranked)});
  TokenId* tokens = tokens_.as<TokenId>();
  for (Ranked& ranked : best) ranked.index = static_cast<uint32_t>(token(ranked.index));  // before tokens are overwritten
  for (size_t i = 0; i < best.size(); ++i) {
    logits_[i] = best[i].logit;
    tokens[i] = static_cast<TokenId>(best[i].index);
  }
  logits_ = logits_.first(best.size());
  whole_ = false;
}

}  // namespace sotto::sampling
