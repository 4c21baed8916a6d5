// A conversation as the model's prompt: rendered by its template, encoded so that control tokens come from the template alone.
// Spellings of control tokens inside messages are broken by a guard (a noncharacter) before rendering; the tokenizer takes it out
// again where it encodes plain text.
#pragma once

#include "generate/model_impl.h"

namespace sotto::generate {

/// The pieces that must not be spelled by a message.
text::AddedTokens control_spellings(const Tokenizer& tokenizer);

/// Errors: invalid_argument: no message, or one that is not UTF-8; unsupported: no template; template_error.
Result<std::string> render_chat(const Model::Impl& model, std::span<const Message> messages, bool add_generation_prompt);
Result<std::vector<TokenId>> encode_chat(const Model::Impl& model, std::span<const Message> messages, bool add_generation_prompt);

/// The same for a model without template: the texts of the messages, a line end between them.
Result<std::vector<TokenId>> encode_plain_chat(const Model::Impl& model, std::span<const Message> messages);

}  // namespace sotto::generate
