#include "sampling/log_probabilities.h"

#include <algorithm>
#include <cmath>

#include "sampling/ranking.h"

namespace sotto::sampling {

Result<LogProbabilities> log_probabilities(const kernels::KernelTable& kernels, std::span<const float> logits, TokenId token,
                                           size_t n_best) {
  if (token < 0 || static_cast<size_t>(token) >= logits.size()) {
    return Error{ErrorCode::invalid_argument,
                 "token " + std::to_string(token) + " is outside the vocabulary of " + std::to_string(logits.size()), "token"};
  }
  const float largest = kernels.max(logits.data(), logits.size());
  const double log_sum = largest + std::log(kernels.exp_sum(logits.data(), largest, logits.size(), nullptr));
  if (!std::isfinite(log_sum)) return Error{ErrorCode::numeric_fault, "a logit is nan or +inf, or all are -inf", "logits"};

  const auto logprob = [&](float logit) { return static_cast<float>(logit - log_sum); };
  LogProbabilities out{{token, logprob(logits[static_cast<size_t>(token)])}, {}};
  n_best = std::min(n_best, logits.size());
  std::vector<Ranked> room(ranking_room(n_best));
  for (const Ranked& ranked : rank_best(kernels, logits, n_best, room)) {
    out.best.push_back({static_cast<TokenId>(ranked.index), logprob(ranked.logit)});
  }
  return out;
}

}  // namespace sotto::sampling
