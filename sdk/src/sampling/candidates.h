// Candidates: the tokens that may still be drawn for one position, with their logits. They start as the whole vocabulary, in the
// caller's own memory; steps narrow them in place. Probabilities are summed as whole numbers (`mass`): the sum is exact, so
// neither the order of adding nor a rounding decides which token is drawn.
#pragma once

#include <cstdint>
#include <span>

#include "buffer.h"
#include "kernels/kernel_table.h"
#include "sampling/ranking.h"
#include "sotto/tokenizer.h"

namespace sotto::sampling {

/// A relative probability (0 to 1) in units of 2^-40; what is below is never drawn. NaN has none.
/// kMaxVocabulary masses fit 64 bits.
inline uint64_t mass(float relative_probability) {
  return relative_probability > 0 ? static_cast<uint64_t>(relative_probability * 0x1p40f) : 0;
}
inline constexpr size_t kMaxVocabulary = size_t{1} << 23;

class Candidates {
 public:
  /// All memory there will be. Errors: invalid_argument for a size of 0 or above kMaxVocabulary, out_of_memory.
  static Result<Candidates> make(const kernels::KernelTable& kernels, size_t vocab_size, size_t max_best);

  /// Starts over. logits: (vocab_size), in use until the next call.
  void reset(std::span<float> logits) noexcept;

  std::span<float> logits() noexcept { return logits_; }
  TokenId token(size_t i) const noexcept { return whole_ ? static_cast<TokenId>(i) : tokens_.as<TokenId>()[i]; }
  const kernels::KernelTable& kernels() const noexcept { return *kernels_; }

  /// exp(logit - largest logit). Valid until the next call.
  std::span<const float> relative_probabilities() noexcept;
  /// Sum of the masses of relative_probabilities(); 0 when there is none to draw (all -infinity or NaN, or one +infinity).
  static uint64_t total_mass(std::span<const float> relative_probabilities) noexcept;

  /// Keeps those whose place fulfils keep(i), asked once each, in order.
  template <class Keep>
  void narrow(Keep keep) {
    TokenId* tokens = tokens_.as<TokenId>();
    size_t n = 0;
    for (size_t i = 0; i < logits_.size(); ++i) {
      if (!keep(i)) continue;
      logits_[n] = logits_[i];
      tokens[n++] = token(i);
    }
    logits_ = logits_.first(n);
    whole_ = false;
  }
  /// Keeps the k <= max_best best, best first, lowest place first among equals; -infinity and NaN are not kept.
  void narrow_to_best(size_t k);

  /// (vocab_size) of any content, free to use while nothing has been narrowed.
  std::span<int32_t> scratch() noexcept { return {tokens_.as<int32_t>(), vocab_size_}; }

 private:
  const kernels::KernelTable* kernels_ = nullptr;
  size_t vocab_size_ = 0;
  std::span<float> logits_;
  bool whole_ = true;     // logits_[i] is that of token i
  Buffer tokens_;         // (vocab_size) TokenId
  Buffer probabilities_;  // (vocab_size) float
  Buffer ranking_;        // (ranking_room(max_best)) Ranked
};

}  // namespace sotto::sampling
