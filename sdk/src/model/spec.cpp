#include "model/spec.h"

#include <algorithm>
#include <cmath>

#include "model/fields.h"

namespace sotto::model {
namespace {

using formats::ModelFile;

Result<const Architecture*> find_architecture(const ModelFile& file) {
  const bool gguf = file.naming == formats::Naming::gguf;
  const std::string key = gguf ? "general.architecture" : "model_type";
  SOTTO_ASSIGN(const std::string name, file.metadata.string(key));
  std::string supported;
  for (const Architecture* arch : architectures()) {
    const std::string_view candidate = gguf ? arch->gguf_name : arch->hf_model_type;
    if (candidate.empty()) continue;
    if (candidate == name) return arch;
    supported += (supported.empty() ? "" : ", ") + std::string(candidate);
  }
  return Error{
      ErrorCode::unsupported,
      file.metadata.source() + ": " + key + " is '" + name + "', which this version does not compute; supported: " + supported,
      key};
}

Status read_heads(const Fields& f, ModelSpec& spec) {
  const Architecture& arch = *spec.architecture;
  const std::string heads = f.key("attention.head_count", arch.config.heads);
  SOTTO_ASSIGN(spec.n_heads, f.size(heads, kMaxWidth));

  const std::string head_dim = f.key("attention.key_length", arch.config.head_dim);
  if (f.has(head_dim) || (arch.head_dim_required && !f.gguf())) {
    SOTTO_ASSIGN(spec.head_dim, f.size(head_dim, kMaxWidth));
  } else if (spec.dim % spec.n_heads != 0) {
    return f.wrong(heads, "is " + std::to_string(spec.n_heads) + ", wanted a divisor of the width of " + std::to_string(spec.dim));
  } else {
    spec.head_dim = spec.dim / spec.n_heads;
  }
  if (spec.n_heads > static_cast<size_t>(kMaxWidth) / spec.head_dim)
    return f.wrong(heads, "is " + std::to_string(spec.n_heads) + ", wanted at most " + std::to_string(kMaxWidth) +
                              " numbers in all heads of " + std::to_string(spec.head_dim));
  if (spec.positions == PositionKind::rope && spec.head_dim % 2 != 0)
    return f.wrong(head_dim, "is " + std::to_string(spec.head_dim) + ", wanted an even number to rotate");

  const std::string kv_heads = f.key("attention.head_count_kv", arch.config.kv_heads);
  SOTTO_ASSIGN(spec.n_kv_heads, f.size_or(kv_heads, spec.n_heads, kMaxWidth));
  if (spec.n_kv_heads > spec.n_heads || spec.n_heads % spec.n_kv_heads != 0)
    return f.wrong(
        kv_heads, "is " + std::to_string(spec.n_kv_heads) + ", wanted a divisor of the " + std::to_string(spec.n_heads) + " heads");

  if (f.gguf()) {
    const std::string value_length = f.key("attention.value_length", "");
    SOTTO_ASSIGN(const size_t value_dim, f.size_or(value_length, spec.head_dim, kMaxWidth));
    if (value_dim != spec.head_dim)
      return f.wrong(value_length,
                     "is " + std::to_string(value_dim) + ", wanted the " + std::to_string(spec.head_dim) + " of " + head_dim,
                     ErrorCode::unsupported);
  }
  return {};
}

Status read_vocabulary(const Fields& f, const ModelFile& file, ModelSpec& spec) {
  if (f.gguf()) {
    const char* name = "token_embd.weight";
    const formats::TensorEntry* embedding = file.find(name);
    if (!embedding || embedding->shape.size() != 2 || embedding->shape[0] == 0 ||
        embedding->shape[0] > static_cast<uint64_t>(kMaxVocabulary))
      return f.wrong(name, embedding ? "is no matrix with 1 to " + std::to_string(kMaxVocabulary) + " rows" : "is missing");
    spec.n_vocab = static_cast<size_t>(embedding->shape[0]);
    return {};
  }
  SOTTO_ASSIGN(spec.n_vocab, f.size("vocab_size", kMaxVocabulary));
  const std::string eos = "eos_token_id";
  const int64_t last = static_cast<int64_t>(spec.n_vocab) - 1;
  if (f.has("bos_token_id")) SOTTO_TRY(f.meta().integer("bos_token_id", 0, last));
  if (f.has("pad_token_id")) SOTTO_TRY(f.meta().integer("pad_token_id", -1, kMaxVocabulary));  // not used; -1: none
  if (const auto* ids = std::get_if<std::vector<int64_t>>(f.meta().find(eos))) {
    for (const int64_t id : *ids)
      if (id < 0 || id > last)
        return f.wrong(eos, "is " + std::to_string(id) + ", wanted an id of the vocabulary, 0 to " + std::to_string(last));
  } else if (f.has(eos)) {
    SOTTO_TRY(f.meta().integer(eos, 0, last));
  }
  return {};
}

Status read_sizes(const Fields& f, const ModelFile& file, ModelSpec& spec) {
  const Architecture& arch = *spec.architecture;
  const std::string layers = f.key("block_count", arch.config.layers), ffn = f.key("feed_forward_length", arch.config.ffn);
  SOTTO_ASSIGN(spec.n_layers, f.size(layers, kMaxLayers));
  if (spec.n_layers > file.tensors.size())
    return f.wrong(layers, "is " + std::to_string(spec.n_layers) + ", more than the file's " + std::to_string(file.tensors.size()) +
                               " tensors");
  SOTTO_ASSIGN(spec.dim, f.size(f.key("embedding_length", arch.config.dim), kMaxWidth));
  SOTTO_ASSIGN(spec.max_context, f.size(f.key("context_length", arch.config.context), kMaxContext));
  SOTTO_TRY(read_heads(f, spec));
  if (arch.ffn_optional && !f.has(ffn)) {
    spec.ffn_dim = 4 * spec.dim;
  } else {
    SOTTO_ASSIGN(spec.ffn_dim, f.size(ffn, kMaxWidth));
  }
  const char* gguf_eps = arch.norm == NormKind::rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
  SOTTO_ASSIGN(const double eps, f.meta().number(f.key(gguf_eps, arch.config.eps), 1e-12, 1.0));
  spec.norm_eps = static_cast<float>(eps);
  return read_vocabulary(f, file, spec);
}

Status read_activation(const Fields& f, ModelSpec& spec) {
  using kernels::Activation;
  struct Row {
    std::string_view name;
    Activation activation;
  };
  static constexpr Row kRows[] = {{"silu", Activation::silu},
                                  {"swish", Activation::silu},
                                  {"gelu", Activation::gelu_erf},
                                  {"gelu_new", Activation::gelu_tanh},
                                  {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                  {"gelu_fast", Activation::gelu_tanh},
                                  {"relu", Activation::relu}};
  if (f.gguf()) {
    spec.activation = spec.architecture->gguf_activation;
    return {};
  }
  const std::string key(spec.architecture->config.activation);
  SOTTO_ASSIGN(const std::string name, f.meta().string(key));
  for (const Row& row : kRows)
    if (row.name == name) {
      spec.activation = row.activation;
      return {};
    }
  std::string wanted;
  for (const Row& row : kRows) wanted += (wanted.empty() ? "" : ", ") + std::string(row.name);
  return f.wrong(key, "is '" + name + "', which this version does not compute; wanted: " + wanted, ErrorCode::unsupported);
}

// Layers for which `windowed` holds see `window` tokens, and rotate by the second of two ropes.
template <class Windowed>
void set_windows(ModelSpec& spec, size_t window, Windowed windowed) {
  for (size_t i = 0; i < spec.n_layers; ++i)
    if (windowed(i)) spec.layers[i] = {.window = window, .rope = spec.ropes.size() > 1 ? size_t{1} : size_t{0}};
}

Status read_gguf_windows(const Fields& f, ModelSpec& spec) {
  const Architecture& arch = *spec.architecture;
  const std::string key = f.key("attention.sliding_window", "");
  if (arch.windows != WindowRule::layer_types && !f.has(key)) return {};
  SOTTO_ASSIGN(const size_t window, f.size(key, kMaxContext));
  SOTTO_ASSIGN(const size_t pattern,
               f.size_or(f.key("attention.sliding_window_pattern", ""), arch.gguf_window_pattern, kMaxLayers));
  set_windows(spec, window, [&](size_t i) { return pattern == 1 || (i + 1) % pattern != 0; });
  return {};
}

Result<std::span<const std::string>> read_layer_types(const Fields& f, const ModelSpec& spec) {
  SOTTO_ASSIGN(const auto types, f.meta().strings("layer_types"));
  if (types.size() != spec.n_layers)
    return f.wrong("layer_types", "has " + std::to_string(types.size()) + " entries, wanted one for each of the " +
                                      std::to_string(spec.n_layers) + " layers");
  for (const std::string& type : types)
    if (type != "sliding_attention" && type != "full_attention")
      return f.wrong("layer_types", "holds '" + type + "', wanted sliding_attention or full_attention", ErrorCode::unsupported);
  return types;
}

Status read_config_windows(const Fields& f, ModelSpec& spec) {
  const WindowRule rule = spec.architecture->windows;
  const std::string key = "sliding_window";
  if (f.has("layer_types")) SOTTO_TRY(read_layer_types(f, spec));  // where there is no window, too
  if (rule == WindowRule::none || (rule == WindowRule::all_layers && !f.has(key))) return {};
  if (rule == WindowRule::switched) {
    SOTTO_ASSIGN(const bool on, f.flag_or("use_sliding_window", false));
    if (!on) return {};
  }
  SOTTO_ASSIGN(const size_t window, f.size(key, kMaxContext));
  if (rule == WindowRule::all_layers) {
    set_windows(spec, window, [](size_t) { return true; });
  } else if (rule == WindowRule::switched && !f.has("layer_types")) {
    SOTTO_ASSIGN(const int64_t first, f.meta().integer("max_window_layers", 0, kMaxLayers));
    set_windows(spec, window, [&](size_t i) { return static_cast<int64_t>(i) >= first; });
  } else if (rule == WindowRule::layer_types && !f.has("layer_types") && f.has("sliding_window_pattern")) {
    SOTTO_ASSIGN(const size_t pattern, f.size("sliding_window_pattern", kMaxLayers));
    set_windows(spec, window, [&](size_t i) { return (i + 1) % pattern != 0; });
  } else {
    SOTTO_ASSIGN(const auto types, read_layer_types(f, spec));
    set_windows(spec, window, [&](size_t i) { return types[i] == "sliding_attention"; });
  }
  return {};
}

// Switches of a configuration that change the computation in a way this engine does not have: better refused than ignored.
Status refuse_unknown_features(const Fields& f) {
  struct Row {
    const char* key;
    bool computed;
  };
  static constexpr Row kSwitches[] = {{"use_bidirectional_attention", false}, {"add_cross_attention", false}, {"alibi", false}};
  for (const Row& row : kSwitches) {
    SOTTO_ASSIGN(const bool value, f.flag_or(row.key, row.computed));
    if (value != row.computed)
      return f.wrong(row.key, std::string("is ") + (value ? "true" : "false") + ", which this version does not compute",
                     ErrorCode::unsupported);
  }
  for (const char* key : {"partial_rotary_factor", "rope_parameters.partial_rotary_factor"}) {
    SOTTO_ASSIGN(const double value, f.positive_or(key, 1));
    if (value != 1)
      return f.wrong(key, "is not 1: heads that are rotated in part are not computed by this version", ErrorCode::unsupported);
  }
  if (f.has("quantization_config"))
    return f.wrong("quantization_config", "is not supported: load the original weights or a GGUF file", ErrorCode::unsupported);
  SOTTO_TRY(f.flag_or("reorder_and_upcast_attn", false));  // changes roundings alone
  return {};
}

Status read_scales(const Fields& f, ModelSpec& spec) {
  const Architecture& arch = *spec.architecture;
  if (arch.scaled_embedding) spec.embedding_scale = std::sqrt(static_cast<float>(spec.dim));
  double score_width = static_cast<double>(spec.head_dim);
  if (arch.score_scale_from_config && !f.gguf()) {
    SOTTO_ASSIGN(score_width, f.positive("query_pre_attn_scalar"));
  } else if (arch.score_scale_from_config && spec.n_layers == 62) {
    score_width = static_cast<double>(spec.dim) / static_cast<double>(spec.n_heads);  // Gemma 3 27B, whose GGUF files do not say it
  }
  double scale = 1 / std::sqrt(score_width);
  bool by_layer = false;
  if (f.gguf()) {
    SOTTO_ASSIGN(scale, f.positive_or(f.key("attention.scale", ""), scale));
  } else {
    SOTTO_ASSIGN(const bool scaled, f.flag_or(std::string(arch.config.scores_scaled), true));
    SOTTO_ASSIGN(by_layer, f.flag_or(std::string(arch.config.scores_by_layer), false));
    if (!scaled) scale = 1;
  }
  for (size_t i = 0; i < spec.n_layers; ++i)
    spec.layers[i].attention_scale = static_cast<float>(by_layer ? scale / static_cast<double>(i + 1) : scale);
  SOTTO_ASSIGN(const double score_cap, f.positive_or(f.key("attn_logit_softcapping", ""), 0));
  SOTTO_ASSIGN(const double logit_cap, f.positive_or(f.key("final_logit_softcapping", arch.config.logit_cap), 0));
  spec.attention_soft_cap = static_cast<float>(score_cap);
  spec.logit_soft_cap = static_cast<float>(logit_cap);
  return {};
}

Status read_promises(const Fields& f, const ModelFile& file, ModelSpec& spec) {
  const ConfigNames& names = spec.architecture->config;
  if (f.gguf()) {
    spec.tied_head = file.find("output.weight") == nullptr;
    return {};
  }
  SOTTO_ASSIGN(spec.tied_head, f.flag_or("tie_word_embeddings", spec.architecture->tied_by_default));
  SOTTO_ASSIGN(spec.attention_bias, f.flag_or(std::string(names.attention_bias), false));
  SOTTO_ASSIGN(spec.mlp_bias, f.flag_or(std::string(names.mlp_bias), false));
  return refuse_unknown_features(f);
}

}  // namespace

size_t ModelSpec::max_window() const noexcept {
  size_t window = 0;
  for (const LayerSpec& layer : layers) window = std::max(window, layer.window);
  return window;
}

Result<ModelSpec> read_spec(const ModelFile& file) {
  ModelSpec spec;
  SOTTO_ASSIGN(spec.architecture, find_architecture(file));
  const Fields f(file, *spec.architecture);
  spec.norm = spec.architecture->norm;
  spec.norm_weight_offset = f.gguf() ? 0 : spec.architecture->hf_norm_weight_offset;
  spec.positions = spec.architecture->positions;
  spec.gated = spec.architecture->gated;
  SOTTO_TRY(read_sizes(f, file, spec));
  SOTTO_TRY(read_activation(f, spec));
  if (spec.positions == PositionKind::rope) SOTTO_TRY(read_ropes(f, spec));
  spec.layers.assign(spec.n_layers, {});
  SOTTO_TRY(f.gguf() ? read_gguf_windows(f, spec) : read_config_windows(f, spec));
  SOTTO_TRY(read_scales(f, spec));
  SOTTO_TRY(read_promises(f, file, spec));
  return spec;
}

}  // namespace sotto::model
