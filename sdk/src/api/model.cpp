#include "sotto/model.h"

#include "formats/registry.h"
#include "generate/chat_prompt.h"
#include "generate/load_model.h"
#include "generate/session_impl.h"

namespace sotto {

Result<Model> Model::open(const std::string& path, const ModelOptions& options, const Engine& engine) {
  SOTTO_ASSIGN(auto impl, generate::load_model([&] { return formats::read_model(path); }, options, engine.impl()));
  return Model(std::move(impl));
}

Result<Model> Model::open(const std::string& path, const ModelOptions& options) {
  SOTTO_ASSIGN(const Engine engine, Engine::make());
  return open(path, options, engine);
}

Result<Model> Model::open(std::shared_ptr<const ByteSource> source, const ModelOptions& options, const Engine& engine) {
  if (!source) return Error{ErrorCode::invalid_argument, "there is no source", "source"};
  SOTTO_ASSIGN(auto impl, generate::load_model([&] { return formats::read_model(source, {}); }, options, engine.impl()));
  return Model(std::move(impl));
}

const ModelInfo& Model::info() const noexcept {
  return impl_->info;
}
MemoryUsage Model::memory() const noexcept {
  return {.weights_bytes = impl_->weights.bytes(), .tokenizer_bytes = impl_->tokenizer_bytes()};
}
const Tokenizer* Model::tokenizer() const noexcept {
  return impl_->tokenizer ? &*impl_->tokenizer : nullptr;
}
const ChatTemplate* Model::chat_template() const noexcept {
  return impl_->chat_template ? &*impl_->chat_template : nullptr;
}
const std::vector<std::string>& Model::warnings() const noexcept {
  return impl_->warnings;
}

Result<std::string> Model::render_chat(std::span<const Message> messages, bool add_generation_prompt) const {
  return generate::render_chat(*impl_, messages, add_generation_prompt);
}

Result<std::vector<TokenId>> Model::encode_chat(std::span<const Message> messages, bool add_generation_prompt) const {
  return generate::encode_chat(*impl_, messages, add_generation_prompt);
}

Result<Session> Model::new_session(const SessionOptions& options) const {
  SOTTO_ASSIGN(auto timeline, generate::TokenTimeline::make(*impl_, options));
  return Session(std::make_unique<Session::Impl>(impl_, std::move(timeline)));
}

}  // namespace sotto
