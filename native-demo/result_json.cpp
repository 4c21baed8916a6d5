#include "result_json.h"

namespace sotto::cli {

Json json_of(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"cached_tokens", usage.cached_tokens},
          {"completion_tokens", usage.completion_tokens}};
}

Json json_of(const Timings& timings) {
  return {{"tokenize_ms", timings.tokenize_ms}, {"prefill_ms", timings.prefill_ms},   {"first_token_ms", timings.first_token_ms},
          {"decode_ms", timings.decode_ms},     {"prefill_tps", timings.prefill_tps}, {"decode_tps", timings.decode_tps}};
}

Json json_of(const MemoryUsage& memory) {
  return {{"weights_bytes", memory.weights_bytes},
          {"tokenizer_bytes", memory.tokenizer_bytes},
          {"kv_bytes", memory.kv_bytes},
          {"scratch_bytes", memory.scratch_bytes}};
}

Json json_of(const TokenLogprob& chosen, std::span<const TokenLogprob> top) {
  Json alternatives = Json::array();
  for (const TokenLogprob& row : top) alternatives.push_back({{"token", row.token}, {"logprob", row.logprob}});
  return {{"token", chosen.token}, {"logprob", chosen.logprob}, {"top", std::move(alternatives)}};
}

Json json_of(const GenerationResult& result) {
  return {{"text", result.text},
          {"tokens", result.tokens},
          {"prompt_tokens", result.prompt_tokens},
          {"finish_reason", to_string(result.finish_reason)},
          {"stop_string", result.stop_string},
          {"seed", result.seed},
          {"invalid_bytes", result.invalid_bytes},
          {"usage", json_of(result.usage)},
          {"timings", json_of(result.timings)}};
}

}  // namespace sotto::cli
