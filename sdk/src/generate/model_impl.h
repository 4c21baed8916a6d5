// What a Model is made of: all of it constant after load_model().
#pragma once

#include <optional>

#include "generate/engine_impl.h"
#include "model/weights.h"
#include "sotto/model.h"
#include "text/added_tokens.h"

namespace sotto {

struct Model::Impl {
  std::shared_ptr<Engine::Impl> engine;
  model::ModelSpec spec;
  generate::MemoryBudget::Reservation reserved;  // for weights and tokenizer
  model::Weights weights;
  ops::ActivationWidth activations = ops::ActivationWidth::by_type;

  std::optional<Tokenizer> tokenizer;
  text::AddedTokens control_spellings;  // of the tokenizer's control tokens
  std::optional<ChatTemplate> chat_template;
  std::optional<Error> template_error;  // the file has a template that cannot be used
  std::vector<std::string> warnings;
  ModelInfo info;

  uint64_t tokenizer_bytes() const noexcept { return tokenizer ? tokenizer->bytes() : 0; }
  ops::OpContext context(const RunControl& control) const noexcept {
    return {engine->kernels, engine->pool, control, engine->trace, activations};
  }
};

}  // namespace sotto
