#include "generate/decode_loop.h"

#include <algorithm>

#include "formats/utf8.h"
#include "random_seed.h"
#include "sampling/log_probabilities.h"

namespace sotto::generate {
namespace {

constexpr int kSeedBitsDropped = 11;  // every language binding can name a seed of 53 bits

double ms_since(DecodeLoop::Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(DecodeLoop::Clock::now() - start).count();
}

double per_second(size_t n, double ms) {
  return ms > 0 ? static_cast<double>(n) * 1000 / ms : 0;
}

}  // namespace

Result<std::unique_ptr<DecodeLoop>> DecodeLoop::make(Session::Impl& session, GenerationOptions options, Prompt prompt,
                                                     Clock::time_point started) {
  const size_t n_vocab = session.model->spec.n_vocab;
  for (const std::string& stop : options.stop) {
    // The text is UTF-8; what is not could only be found inside a character.
    if (!formats::is_utf8(stop)) return Error{ErrorCode::invalid_argument, "a stop string is not UTF-8", "stop"};
  }
  if (!options.seed) options.seed = random_seed() >> kSeedBitsDropped;
  SOTTO_ASSIGN(auto sampler, sampling::Sampler::make(options, n_vocab, session.model->engine->kernels));
  Buffer untouched_logits;
  if (options.logprobs >= 0) {
    SOTTO_ASSIGN(untouched_logits, Buffer::allocate(n_vocab * sizeof(float), "log probabilities"));
  }
  return std::unique_ptr<DecodeLoop>(
      new DecodeLoop(session, std::move(options), std::move(prompt), started, std::move(sampler), std::move(untouched_logits)));
}

DecodeLoop::DecodeLoop(Session::Impl& session, GenerationOptions options, Prompt prompt, Clock::time_point started,
                       sampling::Sampler sampler, Buffer untouched_logits)
    : session_(session),
      options_(std::move(options)),
      prompt_(std::move(prompt)),
      started_(started),
      control_{options_.cancel, options_.deadline},
      sampler_(std::move(sampler)),
      untouched_logits_(std::move(untouched_logits)),
      stops_(options_.stop),
      seen_changes_(session.changes) {
  if (session.model->tokenizer)
    decoder_.emplace(*session.model->tokenizer, DecodeOptions{.skip_special = true, .continues = !prompt_.starts_text});
  result_.prompt_tokens = std::move(prompt_.asked);
  result_.seed = *options_.seed;
  result_.usage = {.prompt_tokens = result_.prompt_tokens.size(), .cached_tokens = prompt_.cached, .completion_tokens = 0};
  result_.timings.tokenize_ms = prompt_.tokenize_ms;
}

std::optional<Piece> DecodeLoop::next() {
  if (finished_) return std::nullopt;
  const SessionLock lock(session_);
  Result<std::optional<Piece>> advanced = advance(lock);
  std::optional<Piece> piece = advanced ? std::move(*advanced) : stop_early(std::move(advanced).error());
  if (piece) result_.text += piece->text;
  if (finished_) close();
  return piece;
}

PrefillProgress DecodeLoop::prefill(size_t max_tokens) {
  if (max_tokens > 0 && !finished_ && !prefilled()) {
    const SessionLock lock(session_);
    Status status = enter(lock);
    if (status) status = compute_prompt(max_tokens);
    // Nothing was held back before the first token.
    if (!status) stop_early(std::move(status).error());
    if (finished_) close();
  }
  return {n_prefilled_, prompt_.added.size()};
}

Status DecodeLoop::enter(const SessionLock& lock) {
  SOTTO_TRY(lock.status());
  if (session_.changes != seen_changes_)
    return Error{ErrorCode::concurrent_use, "the session was changed while the generation ran", "session"};
  seen_changes_ = ++session_.changes;
  return {};
}

// The next piece; none where there is no room for a token.
Result<std::optional<Piece>> DecodeLoop::advance(const SessionLock& lock) {
  SOTTO_TRY(enter(lock));
  if (!prefilled()) SOTTO_TRY(compute_prompt(SIZE_MAX));
  const bool first = result_.tokens.empty();
  if (first && (options_.max_tokens == 0 || session_.timeline.full())) {
    finish(FinishReason::length);
    return std::optional<Piece>();
  }
  const Clock::time_point start = Clock::now();
  SOTTO_ASSIGN(Piece piece, step());
  if (first) {
    result_.timings.first_token_ms = ms_since(started_);
  } else {
    result_.timings.decode_ms += ms_since(start);
  }
  return std::optional<Piece>(std::move(piece));
}

// A slice of the prompt; after an error the timeline holds what the request kept of it.
Status DecodeLoop::compute_prompt(size_t max_tokens) {
  const TraceSpan span(session_.model->engine->trace, "prefill");
  const Clock::time_point start = Clock::now();
  const std::span<const TokenId> left = std::span(prompt_.added).subspan(n_prefilled_);
  const std::span<const TokenId> slice = left.first(std::min(max_tokens, left.size()));
  const bool last = slice.size() == left.size();
  if (n_prefilled_ == 0) SOTTO_TRY(session_.timeline.rewind(prompt_.kept));
  Status status = control_.check();
  if (status) status = last ? compute(slice) : session_.timeline.append(slice, control_, TokenTimeline::Wanted::nothing);
  if (!status) {
    SOTTO_TRY(session_.timeline.rewind(prompt_.kept));
    return status;
  }
  n_prefilled_ += slice.size();
  result_.timings.prefill_ms += ms_since(start);
  result_.timings.prefill_tps = per_second(n_prefilled_, result_.timings.prefill_ms);
  return {};
}

// The logits that the next choice needs.
Status DecodeLoop::compute(std::span<const TokenId> added) {
  const size_t n_best = options_.logprobs < 0 ? sampler_.n_best() : 0;
  return session_.timeline.append(added, control_, TokenTimeline::Wanted::last_logits, nullptr, n_best);
}

Result<Piece> DecodeLoop::step() {
  const TraceSpan span(session_.model->engine->trace, "step", static_cast<int64_t>(result_.tokens.size()));
  // The token of the step before; in the first step the prefill has computed all.
  if (!result_.tokens.empty()) SOTTO_TRY(compute({}));
  Piece piece;
  SOTTO_ASSIGN(piece.token, choose(piece));
  session_.timeline.push(piece.token);
  result_.tokens.push_back(piece.token);
  SOTTO_TRY(read(piece.token, piece));
  return piece;
}

Result<TokenId> DecodeLoop::choose(Piece& piece) {
  const std::span<float> logits = session_.timeline.logits();
  const std::span<const TokenId> history = session_.timeline.tokens();
  if (options_.logprobs < 0) return sampler_.sample(logits, history);
  const std::span<float> untouched(untouched_logits_.as<float>(), logits.size());
  std::copy(logits.begin(), logits.end(), untouched.begin());
  SOTTO_ASSIGN(const TokenId token, sampler_.sample(logits, history));
  SOTTO_ASSIGN(auto told, sampling::log_probabilities(session_.model->engine->kernels, untouched, token,
                                                      static_cast<size_t>(options_.logprobs)));
  piece.logprob = told.token;
  piece.top_logprobs = std::move(told.best);
  return token;
}

// The text that a token brings, and whether it is the last one.
Status DecodeLoop::read(TokenId token, Piece& piece) {
  const auto& tokenizer = session_.model->tokenizer;
  std::span<const TokenId> ends;
  if (tokenizer && !options_.ignore_eos) ends = tokenizer->end_of_generation();
  const bool is_end = std::find(ends.begin(), ends.end(), token) != ends.end();

  // The head may have more rows than the vocabulary has pieces: such a token has no text.
  if (tokenizer && !is_end && static_cast<size_t>(token) < tokenizer->vocab_size()) {
    SOTTO_ASSIGN(const std::string text, decoder_->push(token));
    if (const std::string* stop = stops_.feed(text, piece.text)) {
      result_.stop_string = *stop;
      finish(FinishReason::stop_string);
      return {};
    }
  }
  if (!is_end && result_.tokens.size() < static_cast<size_t>(options_.max_tokens) && !session_.timeline.full()) return {};
  piece.text += rest();
  finish(is_end ? FinishReason::stop : FinishReason::length);
  return {};
}

// What was held back, now that nothing follows.
std::string DecodeLoop::rest() {
  return stops_.flush() + (decoder_ ? decoder_->finish() : std::string());
}

std::optional<Piece> DecodeLoop::stop_early(Error error) {
  const bool cancelled = error.code == ErrorCode::cancelled;
  finish(cancelled ? FinishReason::cancelled : FinishReason::deadline);
  if (!cancelled && error.code != ErrorCode::deadline_exceeded) {
    error_ = std::move(error);
    return std::nullopt;
  }
  Piece piece{.text = rest()};
  return piece.text.empty() ? std::nullopt : std::optional(std::move(piece));
}

void DecodeLoop::finish(FinishReason reason) {
  finished_ = true;
  result_.finish_reason = reason;
}

void DecodeLoop::close() {
  const size_t n = result_.tokens.size();
  result_.usage.completion_tokens = n;
  if (n > 1) result_.timings.decode_tps = per_second(n - 1, result_.timings.decode_ms);
  if (decoder_) result_.invalid_bytes = decoder_->invalid_bytes();
  prompt_.span.reset();
  session_.model->engine->pool.park();
}

Result<GenerationResult> DecodeLoop::result() {
  while (next()) {
  }
  if (error_) return *error_;
  return result_;
}

}  // namespace sotto::generate
