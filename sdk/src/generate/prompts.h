// What each way of asking a session makes of its timeline.
#pragma once

#include "generate/decode_loop.h"

namespace sotto::generate {

/// Errors: invalid_argument: nothing to continue; unsupported: no tokenizer; tokenizer_error.
Result<Prompt> text_prompt(const Session::Impl& session, std::string_view text, const GenerationOptions& options);
Result<Prompt> token_prompt(const Session::Impl& session, std::span<const TokenId> tokens);
/// The timeline becomes the conversation; the tokens it shares with it stay, all but the last one, whose logits are needed.
/// Errors: as encode_chat; unsupported: no tokenizer.
Result<Prompt> chat_prompt(const Session::Impl& session, std::span<const Message> messages);

}  // namespace sotto::generate
