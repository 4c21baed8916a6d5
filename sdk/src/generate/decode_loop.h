// DecodeLoop: one request from prompt to result: prefill, then a step for each token: compute, sample, turn into text, look for the
// end. Nothing runs between the calls of next(). Cancel and deadline end it with what there is; they are no errors.
#pragma once

#include <chrono>
#include <optional>

#include "generate/session_impl.h"
#include "generate/stop_strings.h"
#include "sampling/sampler.h"

namespace sotto::generate {

/// What a request makes of the session's timeline before the first new token.
struct Prompt {
  size_t kept = 0;             // tokens of the timeline that stay
  std::vector<TokenId> added;  // tokens behind them; at least one
  std::vector<TokenId> asked;  // the request's own, for the result
  size_t cached = 0;           // of `asked`, those among the kept
  bool starts_text = false;    // the answer is a text of its own, not the rest of one
  double tokenize_ms = 0;
  std::unique_ptr<TraceSpan> span;  // of the whole request
};

class DecodeLoop {
 public:
  using Clock = std::chrono::steady_clock;

  /// The session must outlive the loop and be locked by the caller now.
  /// Errors: those of the options; out_of_memory.
  static Result<std::unique_ptr<DecodeLoop>> make(Session::Impl& session, GenerationOptions options, Prompt prompt,
                                                  Clock::time_point started);

  std::optional<Piece> next();
  PrefillProgress prefill(size_t max_tokens);
  Result<GenerationResult> result();
  std::string_view text() const noexcept { return result_.text; }

 private:
  DecodeLoop(Session::Impl& session, GenerationOptions options, Prompt prompt, Clock::time_point started, sampling::Sampler sampler,
             Buffer untouched_logits);

  Status enter(const SessionLock& lock);
  Result<std::optional<Piece>> advance(const SessionLock& lock);
  Status compute(std::span<const TokenId> added);
  Status compute_prompt(size_t max_tokens);
  bool prefilled() const noexcept { return n_prefilled_ == prompt_.added.size(); }
  Result<Piece> step();
  Result<TokenId> choose(Piece& piece);
  Status read(TokenId token, Piece& piece);
  std::string rest();
  std::optional<Piece> stop_early(Error error);
  void finish(FinishReason reason);
  void close();

  Session::Impl& session_;
  const GenerationOptions options_;
  Prompt prompt_;
  const Clock::time_point started_;
  const RunControl control_;
  sampling::Sampler sampler_;
  Buffer untouched_logits_;               // the sampler spoils those it is given; only where log probabilities are told
  std::optional<StreamDecoder> decoder_;  // none: the model has no tokenizer
  StopStrings stops_;

  size_t n_prefilled_ = 0;  // of prompt_.added, which is never empty
  bool finished_ = false;
  uint64_t seen_changes_ = 0;
  std::optional<Error> error_;
  GenerationResult result_;
};

}  // namespace sotto::generate
