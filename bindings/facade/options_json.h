// The SDK's options from JSON text, by the names of their fields. Every fault is told at once; an empty text means the defaults.
// Errors: invalid_argument that names each field.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "facade/option_reader.h"
#include "sotto/sotto.h"

namespace sotto::facade {

struct EngineRequest {
  EngineOptions options;
  bool trace = false;
};
/// threads, target, memory_limit_bytes, trace
Result<EngineRequest> engine_request(std::string_view json);

/// The fields of ModelOptions that are data, and timeout_ms.
Result<ModelOptions> model_options(std::string_view json);

/// context, cache ("f32", "f16", "q8_0"), prefill_chunk
Result<SessionOptions> session_options(std::string_view json);

struct GenerationRequest {
  std::variant<std::string, std::vector<TokenId>, std::vector<Message>> prompt;
  GenerationOptions options;
};
/// One of prompt, tokens, messages; the fields of GenerationOptions; timeout_ms.
Result<GenerationRequest> generation_request(std::string_view json);

/// add_special, parse_special
Result<EncodeOptions> encode_options(std::string_view json);

struct DecodeRequest {
  std::vector<TokenId> tokens;
  DecodeOptions options;
};
/// tokens, skip_special
Result<DecodeRequest> decode_request(std::string_view json);

struct TemplateRequest {
  std::vector<Message> messages;
  bool add_generation_prompt = true;
};
/// messages, add_generation_prompt
Result<TemplateRequest> template_request(std::string_view json);

/// What generation_request() takes besides the prompt: name, kind, help, and for numbers min, max, default.
std::string generation_options_json();

}  // namespace sotto::facade
