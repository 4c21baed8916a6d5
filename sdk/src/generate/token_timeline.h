// TokenTimeline: the tokens of a session, their key/value cache, and the logits of the last one. The cache holds the first
// computed() of them; append() computes the rest, so taking tokens away and putting one on (push) cost nothing by themselves.
// Layers with a window keep a ring of slots: where a rewind goes back further than a ring reaches, the next append computes the
// kept tokens again.
#pragma once

#include "generate/model_impl.h"
#include "model/forward.h"

namespace sotto::generate {

/// Sizes of the cache a session with these options has. Errors: invalid_argument.
Result<model::KvShape> session_shape(const model::ModelSpec& spec, const SessionOptions& options);

/// Errors: invalid_argument naming the first id outside the vocabulary.
Status check_tokens(const model::ModelSpec& spec, std::span<const TokenId> tokens);

/// Exactly what a TokenTimeline of this shape allocates; no weights.
MemoryUsage session_memory(const model::ModelSpec& spec, const model::KvShape& shape, const Engine::Impl& engine) noexcept;

class TokenTimeline {
 public:
  /// `model` must outlive it. Errors: as session_shape; out_of_memory.
  static Result<TokenTimeline> make(const Model::Impl& model, const SessionOptions& options);
  static Result<TokenTimeline> make(const Model::Impl& model, const model::KvShape& shape);

  std::span<const TokenId> tokens() const noexcept { return tokens_; }
  size_t context() const noexcept { return shape_.context; }
  bool full() const noexcept { return tokens_.size() == shape_.context; }

  /// Whether they can be appended. Errors: invalid_argument: an id outside the vocabulary; context_overflow.
  Status check(std::span<const TokenId> tokens) const;

  enum class Wanted : uint8_t {
    nothing,
    last_logits,  // of the last token, in logits(), if it was not computed before; where n_best is not 0, only so many of the
                  // largest are wanted, and the others may be -infinity
    all_logits,   // of each of the new tokens, in `out`: (tokens.size(), n_vocab)
  };
  /// Adds `tokens` and computes all that is not computed. Errors: those of check(), before anything is computed; those of
  /// forward(). After an error the timeline holds the tokens it held.
  Status append(std::span<const TokenId> tokens, const RunControl& control, Wanted wanted, float* out = nullptr, size_t n_best = 0);
  /// Adds one token that the next append computes. Precondition: in the vocabulary, not full().
  void push(TokenId token) { tokens_.push_back(token); }
  std::span<float> logits() noexcept { return {logits_.as<float>(), model_->spec.n_vocab}; }

  /// Keeps the first n tokens. Errors: invalid_argument: there are fewer.
  Status rewind(size_t n);
  Result<TokenTimeline> fork() const;  // logits() are not copied
  MemoryUsage memory() const noexcept;

 private:
  TokenTimeline(const Model::Impl& model, const model::KvShape& shape, MemoryBudget::Reservation reserved, model::Timeline computed,
                Buffer logits);

  Status compute(size_t n_held, const RunControl& control, Wanted wanted, float* out, size_t n_best);
  void keep(size_t n);

  const Model::Impl* model_;
  model::KvShape shape_;
  MemoryBudget::Reservation reserved_;
  model::Timeline timeline_;
  Buffer logits_;                // (n_vocab)
  std::vector<TokenId> tokens_;  // capacity: the context
  size_t computed_ = 0;          // tokens whose keys and values are in the cache
};

}  // namespace sotto::generate
