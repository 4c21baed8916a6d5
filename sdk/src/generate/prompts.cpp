#include "generate/prompts.h"

#include <algorithm>

#include "generate/chat_prompt.h"

namespace sotto::generate {
namespace {

// Encodes under the span and the clock of a request.
template <class Encode>
Result<Prompt> timed(const Session::Impl& session, Encode encode) {
  const Model::Impl& model = *session.model;
  if (!model.tokenizer)
    return Error{ErrorCode::unsupported, "the model has no tokenizer: give it ids in place of text", "tokenizer"};
  Prompt prompt;
  prompt.span = std::make_unique<TraceSpan>(model.engine->trace, "request");
  const TraceSpan span(model.engine->trace, "tokenize");
  const auto start = DecodeLoop::Clock::now();
  SOTTO_ASSIGN(prompt.asked, encode());
  prompt.tokenize_ms = std::chrono::duration<double, std::milli>(DecodeLoop::Clock::now() - start).count();
  return prompt;
}

Result<Prompt> continued(const Session::Impl& session, Prompt prompt) {
  const std::span<const TokenId> held = session.timeline.tokens();
  if (held.empty() && prompt.asked.empty())
    return Error{ErrorCode::invalid_argument, "the prompt is empty and so is the session: there is nothing to continue", "prompt"};
  prompt.kept = held.size();
  prompt.added = prompt.asked;
  if (prompt.added.empty()) prompt.added = {held[--prompt.kept]};  // the logits of the last token are needed
  const auto& tokenizer = session.model->tokenizer;
  const auto silent = [&](TokenId id) { return tokenizer && tokenizer->is_control(id); };
  prompt.starts_text =
      std::all_of(held.begin(), held.end(), silent) && std::all_of(prompt.asked.begin(), prompt.asked.end(), silent);
  return prompt;
}

}  // namespace

Result<Prompt> text_prompt(const Session::Impl& session, std::string_view text, const GenerationOptions& options) {
  const EncodeOptions encoding{.add_special = session.timeline.tokens().empty(), .parse_special = options.parse_special};
  SOTTO_ASSIGN(Prompt prompt, timed(session, [&] { return session.model->tokenizer->encode(text, encoding); }));
  return continued(session, std::move(prompt));
}

Result<Prompt> token_prompt(const Session::Impl& session, std::span<const TokenId> tokens) {
  Prompt prompt;
  prompt.span = std::make_unique<TraceSpan>(session.model->engine->trace, "request");
  prompt.asked.assign(tokens.begin(), tokens.end());
  return continued(session, std::move(prompt));
}

Result<Prompt> chat_prompt(const Session::Impl& session, std::span<const Message> messages) {
  const Model::Impl& model = *session.model;
  const bool plain = !model.chat_template && !model.template_error;
  SOTTO_ASSIGN(Prompt prompt,
               timed(session, [&] { return plain ? encode_plain_chat(model, messages) : encode_chat(model, messages, true); }));
  if (prompt.asked.empty()) return Error{ErrorCode::invalid_argument, "the conversation has no token", "messages"};
  const std::span<const TokenId> held = session.timeline.tokens();
  const std::span<const TokenId> shareable = std::span(prompt.asked).first(prompt.asked.size() - 1);
  const auto differ = std::mismatch(held.begin(), held.end(), shareable.begin(), shareable.end()).first;
  prompt.kept = prompt.cached = static_cast<size_t>(differ - held.begin());
  prompt.added.assign(prompt.asked.begin() + static_cast<std::ptrdiff_t>(prompt.kept), prompt.asked.end());
  prompt.starts_text = !plain;
  return prompt;
}

}  // namespace sotto::generate
