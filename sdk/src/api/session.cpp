#include "sotto/session.h"

#include "api/generation_impl.h"
#include "generate/prompts.h"

namespace sotto {
namespace {

using generate::DecodeLoop;
using generate::Prompt;
using generate::SessionLock;
using generate::TokenTimeline;

// Prepares a request: what can be wrong with it is known before anything is computed.
template <class MakePrompt>
Generation start(Session::Impl& session, const GenerationOptions& options, MakePrompt make_prompt) {
  const auto started = DecodeLoop::Clock::now();
  const auto prepare = [&]() -> Result<std::unique_ptr<DecodeLoop>> {
    SOTTO_TRY(options.validate());
    const SessionLock lock(session);
    SOTTO_TRY(lock.status());
    SOTTO_ASSIGN(Prompt prompt, make_prompt());
    return DecodeLoop::make(session, options, std::move(prompt), started);
  };
  return Generation(std::make_unique<Generation::Impl>(Generation::Impl{prepare()}));
}

// A vector cannot say that memory is short, so it is asked for once before.
Result<std::vector<float>> floats(uint64_t n) {
  const uint64_t bytes = n * sizeof(float);
  if (bytes > SIZE_MAX)
    return Error{ErrorCode::out_of_memory, std::to_string(bytes) + " bytes of logits cannot be addressed", "logits"};
  SOTTO_TRY(Buffer::allocate(static_cast<size_t>(bytes), "logits"));
  return std::vector<float>(static_cast<size_t>(n));
}

}  // namespace

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Generation Session::generate(std::string_view prompt, const GenerationOptions& options) {
  return start(*impl_, options, [&] { return generate::text_prompt(*impl_, prompt, options); });
}

Generation Session::generate(std::span<const TokenId> prompt, const GenerationOptions& options) {
  return start(*impl_, options, [&] { return generate::token_prompt(*impl_, prompt); });
}

Generation Session::chat(std::span<const Message> messages, const GenerationOptions& options) {
  return start(*impl_, options, [&] { return generate::chat_prompt(*impl_, messages); });
}

Result<std::vector<float>> Session::append(std::span<const TokenId> tokens, const RunControl& control) {
  const SessionLock lock(*impl_);
  SOTTO_TRY(lock.status());
  if (tokens.empty()) return Error{ErrorCode::invalid_argument, "there is no token to append", "tokens"};
  ++impl_->changes;
  const Status status = impl_->timeline.append(tokens, control, TokenTimeline::Wanted::last_logits);
  impl_->model->engine->pool.park();
  SOTTO_TRY(status);
  const std::span<const float> logits = impl_->timeline.logits();
  return std::vector<float>(logits.begin(), logits.end());
}

Result<std::vector<float>> Session::append_all_logits(std::span<const TokenId> tokens, const RunControl& control) {
  const SessionLock lock(*impl_);
  SOTTO_TRY(lock.status());
  SOTTO_TRY(impl_->timeline.check(tokens));
  SOTTO_ASSIGN(auto logits, floats(uint64_t{tokens.size()} * impl_->model->spec.n_vocab));
  ++impl_->changes;
  const Status status = impl_->timeline.append(tokens, control, TokenTimeline::Wanted::all_logits, logits.data());
  impl_->model->engine->pool.park();
  SOTTO_TRY(status);
  return logits;
}

std::span<const TokenId> Session::tokens() const noexcept {
  return impl_->timeline.tokens();
}
size_t Session::context() const noexcept {
  return impl_->timeline.context();
}
MemoryUsage Session::memory() const noexcept {
  return impl_->timeline.memory();
}

Status Session::rewind(size_t n_tokens) {
  const SessionLock lock(*impl_);
  SOTTO_TRY(lock.status());
  ++impl_->changes;
  return impl_->timeline.rewind(n_tokens);
}

Result<Session> Session::fork() const {
  const SessionLock lock(*impl_);
  SOTTO_TRY(lock.status());
  SOTTO_ASSIGN(auto timeline, impl_->timeline.fork());
  return Session(std::make_unique<Impl>(impl_->model, std::move(timeline)));
}

}  // namespace sotto
