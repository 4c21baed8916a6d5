#include "generate/chat_prompt.h"

#include <chrono>

#include "formats/json.h"
#include "formats/utf8.h"

namespace sotto::generate {
namespace {

// Texts for exchange hold no noncharacters; one that holds this all the same loses it.
constexpr std::string_view kGuard = "\uFDD0";

// Puts the guard behind the first character of every spelling of a control token, those that overlap included.
std::string guarded(const text::AddedTokens& spellings, std::string_view text) {
  std::string out;
  size_t done = 0;
  while (const auto match = spellings.find(text, done, true)) {
    const size_t cut = match->start + formats::utf8_length(text.substr(match->start));
    out.append(text.substr(done, cut - done)).append(kGuard);
    done = cut;
  }
  return out.append(text.substr(done));
}

Status check(std::span<const Message> messages) {
  if (messages.empty()) return Error{ErrorCode::invalid_argument, "a conversation needs at least one message", "messages"};
  for (size_t i = 0; i < messages.size(); ++i) {
    if (formats::is_utf8(messages[i].role) && formats::is_utf8(messages[i].content)) continue;
    const std::string where = "messages[" + std::to_string(i) + "]";
    return Error{ErrorCode::invalid_argument, where + " is not UTF-8", where};
  }
  return {};
}

// The variables that transformers gives to a template; `spellings` are broken by guards.
std::string variables(const Tokenizer& tokenizer, const text::AddedTokens& spellings, std::span<const Message> messages,
                      bool add_generation_prompt) {
  const auto quoted = [&](std::string_view text) { return formats::json_quote(guarded(spellings, text)); };
  const auto piece = [&](std::optional<TokenId> id) { return formats::json_quote(id ? tokenizer.piece(*id) : std::string_view()); };
  std::string json = "{\"messages\":[";
  for (const Message& message : messages) {
    if (&message != &messages.front()) json += ',';
    json += "{\"role\":" + quoted(message.role) + ",\"content\":" + quoted(message.content) + "}";
  }
  json += "],\"tools\":null,\"documents\":null,\"add_generation_prompt\":";
  json += add_generation_prompt ? "true" : "false";
  return json + ",\"bos_token\":" + piece(tokenizer.bos()) + ",\"eos_token\":" + piece(tokenizer.eos()) + "}";
}

Result<std::string> render(const Model::Impl& model, std::span<const Message> messages, bool add_generation_prompt,
                           const text::AddedTokens& spellings) {
  SOTTO_TRY(check(messages));
  if (model.template_error) return *model.template_error;
  if (!model.chat_template) return Error{ErrorCode::unsupported, "the model has no chat template", "chat_template"};
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  return model.chat_template->render_json(variables(*model.tokenizer, spellings, messages, add_generation_prompt), now.count());
}

}  // namespace

text::AddedTokens control_spellings(const Tokenizer& tokenizer) {
  std::vector<text::AddedToken> controls;
  for (size_t i = 0; i < tokenizer.vocab_size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    if (tokenizer.is_control(id)) controls.push_back({.text = std::string(tokenizer.piece(id)), .id = id});
  }
  return text::AddedTokens(std::move(controls));
}

Result<std::string> render_chat(const Model::Impl& model, std::span<const Message> messages, bool add_generation_prompt) {
  return render(model, messages, add_generation_prompt, text::AddedTokens());
}

Result<std::vector<TokenId>> encode_chat(const Model::Impl& model, std::span<const Message> messages, bool add_generation_prompt) {
  SOTTO_ASSIGN(const std::string text, render(model, messages, add_generation_prompt, model.control_spellings));
  const Tokenizer& tokenizer = *model.tokenizer;
  SOTTO_ASSIGN(std::vector<TokenId> ids,
               tokenizer.encode(text, {.add_special = false, .parse_special = true, .erase_in_plain = kGuard}));
  // Most templates print BOS themselves.
  if (tokenizer.adds_bos() && (ids.empty() || ids.front() != *tokenizer.bos())) ids.insert(ids.begin(), *tokenizer.bos());
  return ids;
}

Result<std::vector<TokenId>> encode_plain_chat(const Model::Impl& model, std::span<const Message> messages) {
  SOTTO_TRY(check(messages));
  std::string text;
  for (const Message& message : messages) text += (&message == &messages.front() ? "" : "\n") + message.content;
  return model.tokenizer->encode(text);
}

}  // namespace sotto::generate
