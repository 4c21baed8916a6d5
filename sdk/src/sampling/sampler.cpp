#include "sampling/sampler.h"

#include <algorithm>

#include "sampling/steps.h"

namespace sotto::sampling {

Sampler::Sampler(GenerationOptions options, size_t vocab_size, Candidates candidates)
    : options_(std::move(options)),
      vocab_size_(vocab_size),
      candidates_(std::move(candidates)),
      random_(options_.seed.value_or(0)) {}

Result<Sampler> Sampler::make(GenerationOptions options, size_t vocab_size, const kernels::KernelTable& kernels) {
  SOTTO_TRY(options.validate());
  for (const LogitBias& bias : options.logit_bias) {
    if (static_cast<size_t>(bias.token) < vocab_size) continue;
    return Error{ErrorCode::invalid_argument,
                 "token " + std::to_string(bias.token) + " is outside the vocabulary of " + std::to_string(vocab_size),
                 "logit_bias"};
  }
  SOTTO_ASSIGN(auto candidates, Candidates::make(kernels, vocab_size, static_cast<size_t>(std::max<int64_t>(options.top_k, 1))));
  return Sampler(std::move(options), vocab_size, std::move(candidates));
}

Result<TokenId> Sampler::sample(std::span<float> logits, std::span<const TokenId> history) {
  if (logits.size() != vocab_size_) {
    return Error{ErrorCode::invalid_argument, "got " + std::to_string(logits.size()) + ", wanted " + std::to_string(vocab_size_),
                 "logits"};
  }
  candidates_.reset(logits);
  for (const SamplingStep& step : sampling_steps()) {
    if (step.applies(options_)) step.apply(candidates_, options_, history);
  }
  const auto probabilities = candidates_.relative_probabilities();
  const uint64_t total = Candidates::total_mass(probabilities);
  if (total == 0) {
    return Error{ErrorCode::numeric_fault, "no token can be drawn: every logit is -inf or nan, or one is +inf", "logits"};
  }
  uint64_t left = random_.below(total);
  size_t i = 0;
  while (left >= mass(probabilities[i])) left -= mass(probabilities[i++]);
  return candidates_.token(i);
}

size_t Sampler::n_best() const noexcept {
  const GenerationOptions& o = options_;
  const int64_t kept = o.temperature == 0 ? 1 : o.top_k;
  if (kept == 0 || !o.logit_bias.empty()) return 0;
  if (o.repeat_penalty == 1 && o.frequency_penalty == 0 && o.presence_penalty == 0) return static_cast<size_t>(kept);
  // Each recent token may fall out of the best; none rises.
  const bool falling = o.repeat_penalty >= 1 && o.frequency_penalty >= 0 && o.presence_penalty >= 0;
  return falling && o.penalty_window >= 0 ? static_cast<size_t>(kept + o.penalty_window) : 0;
}

}  // namespace sotto::sampling
