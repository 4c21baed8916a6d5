#include "facade/results_json.h"

namespace sotto::facade {
namespace {

JsonText json_of(const TokenLogprob& row) {
  return JsonObject().add("token", row.token).add("logprob", row.logprob).done();
}

JsonText json_of(const Usage& usage) {
  return JsonObject()
      .add("prompt_tokens", usage.prompt_tokens)
      .add("cached_tokens", usage.cached_tokens)
      .add("completion_tokens", usage.completion_tokens)
      .done();
}

JsonText json_of(const Timings& timings) {
  return JsonObject()
      .add("tokenize_ms", timings.tokenize_ms)
      .add("prefill_ms", timings.prefill_ms)
      .add("first_token_ms", timings.first_token_ms)
      .add("decode_ms", timings.decode_ms)
      .add("prefill_tps", timings.prefill_tps)
      .add("decode_tps", timings.decode_tps)
      .done();
}

JsonText json_of(const Inspection::Tensor& tensor) {
  return JsonObject()
      .add("name", tensor.name)
      .add("type", tensor.type)
      .add("shape", tensor.shape)
      .add("bytes", tensor.bytes)
      .done();
}

template <class T>
std::vector<JsonText> rows_of(const std::vector<T>& values) {
  std::vector<JsonText> rows;
  for (const T& value : values) rows.push_back(json_of(value));
  return rows;
}

}  // namespace

JsonText json_of(const MemoryUsage& memory) {
  return JsonObject()
      .add("weights_bytes", memory.weights_bytes)
      .add("tokenizer_bytes", memory.tokenizer_bytes)
      .add("kv_bytes", memory.kv_bytes)
      .add("scratch_bytes", memory.scratch_bytes)
      .done();
}

JsonText json_of(const Inspection& inspection) {
  JsonObject metadata;
  for (const auto& [key, value] : inspection.metadata) metadata.add(key, value);
  return JsonObject()
      .add("format", inspection.format)
      .add("architecture", inspection.architecture)
      .add("supported", inspection.supported)
      .add("unsupported_reason", inspection.unsupported_reason)
      .add("parameters", inspection.parameters)
      .add("tensor_bytes", inspection.tensor_bytes)
      .add("metadata", metadata.done())
      .add("tensors", rows_of(inspection.tensors))
      .done();
}

JsonText json_of(const Model& model) {
  const ModelInfo& info = model.info();
  return JsonObject()
      .add("architecture", info.architecture)
      .add("name", info.name)
      .add("parameters", info.parameters)
      .add("n_layers", info.n_layers)
      .add("dim", info.dim)
      .add("n_heads", info.n_heads)
      .add("n_kv_heads", info.n_kv_heads)
      .add("head_dim", info.head_dim)
      .add("ffn_dim", info.ffn_dim)
      .add("n_vocab", info.n_vocab)
      .add("max_context", info.max_context)
      .add("largest_window", info.largest_window)
      .add("decode_bytes", info.decode_bytes)
      .add("load_ms", info.load_ms)
      .add("has_chat_template", model.chat_template() != nullptr)
      .add("warnings", model.warnings())
      .done();
}

JsonText json_of(const Piece& piece) {
  JsonObject json;
  json.add("text", piece.text);
  if (piece.token != Piece::kNoToken) json.add("token", piece.token);
  if (piece.logprob) {
    json.add("logprob", piece.logprob->logprob);
    json.add("top_logprobs", rows_of(piece.top_logprobs));
  }
  return json.done();
}

JsonText json_of(const GenerationResult& result) {
  return JsonObject()
      .add("text", result.text)
      .add("tokens", result.tokens)
      .add("prompt_tokens", result.prompt_tokens)
      .add("finish_reason", to_string(result.finish_reason))
      .add("stop_string", result.stop_string)
      .add("seed", result.seed)
      .add("invalid_bytes", result.invalid_bytes)
      .add("usage", json_of(result.usage))
      .add("timings", json_of(result.timings))
      .done();
}

}  // namespace sotto::facade
