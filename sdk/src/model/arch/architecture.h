// Architecture: one family of decoders as data: what its files call things, and which of the known variations it uses.
// A new family is one file like arch/llama.cpp and one row in arch/registry.cpp; it holds no code that computes.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>

#include "model/spec.h"

namespace sotto::model {

/// What a tensor is for.
enum class Role : uint8_t {
  token_embedding,
  position_embedding,
  output_norm,
  output_norm_bias,
  head,
  rope_factors,  // once
  attn_norm,
  attn_norm_bias,
  qkv,
  qkv_bias,
  q,
  q_bias,
  k,
  k_bias,
  v,
  v_bias,
  q_norm,
  k_norm,  // per layer
  attn_out,
  attn_out_bias,
  attn_post_norm,
  ffn_norm,
  ffn_norm_bias,
  gate,
  gate_bias,
  up,
  up_bias,
  down,
  down_bias,
  ffn_post_norm,
  count,
};
inline constexpr size_t kRoles = static_cast<size_t>(Role::count);
constexpr bool per_layer(Role role) noexcept {
  return role >= Role::attn_norm;
}

constexpr bool is_one_of(Role role, std::initializer_list<Role> roles) noexcept {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}
constexpr bool is_linear(Role role) noexcept {
  return is_one_of(role, {Role::head, Role::qkv, Role::q, Role::k, Role::v, Role::attn_out, Role::gate, Role::up, Role::down});
}
constexpr bool is_norm_weight(Role role) noexcept {
  return is_one_of(role, {Role::output_norm, Role::attn_norm, Role::q_norm, Role::k_norm, Role::attn_post_norm, Role::ffn_norm,
                          Role::ffn_post_norm});
}
constexpr bool is_attention_bias(Role role) noexcept {
  return is_one_of(role, {Role::qkv_bias, Role::q_bias, Role::k_bias, Role::v_bias, Role::attn_out_bias});
}
constexpr bool is_mlp_bias(Role role) noexcept {
  return is_one_of(role, {Role::gate_bias, Role::up_bias, Role::down_bias});
}

/// Extents a tensor can have, in terms of the spec.
enum class Dim : uint8_t { none, vocab, positions, dim, q, kv, qkv, head, ffn, half_rotary };

enum class Need : uint8_t { required, optional };

/// Shape as (rows, columns), rows = outputs; vectors have columns = none. `{}` in a name is the layer number.
struct TensorRule {
  Role role;
  std::string_view gguf;
  std::string_view hugging_face;
  Dim rows;
  Dim columns = Dim::none;
  Need need = Need::required;
};

/// Keys of config.json where families differ in the words for the same thing; empty: the family has no such field.
struct ConfigNames {
  std::string_view layers = "num_hidden_layers";
  std::string_view dim = "hidden_size";
  std::string_view heads = "num_attention_heads";
  std::string_view kv_heads = "num_key_value_heads";  // absent in the file: as many as heads
  std::string_view head_dim = "head_dim";             // absent in the file: hidden_size / heads, unless head_dim_required
  std::string_view ffn = "intermediate_size";         // absent or null in the file: 4 * dim, if ffn_optional
  std::string_view context = "max_position_embeddings";
  std::string_view eps = "rms_norm_eps";
  std::string_view activation = "hidden_act";
  std::string_view attention_bias{};  // true makes the biases required, all else forbids them
  std::string_view mlp_bias{};
  std::string_view scores_scaled{};    // false: scores are q*k alone
  std::string_view scores_by_layer{};  // true: scores are divided by the number of the layer, from 1
  std::string_view logit_cap{};
};

/// Which layers look through a window, in a Hugging Face configuration. GGUF says it by `attention.sliding_window`.
enum class WindowRule : uint8_t {
  none,
  all_layers,   // `sliding_window` set: every layer (mistral)
  switched,     // `use_sliding_window`, then `layer_types` or `max_window_layers` (qwen)
  layer_types,  // `layer_types`, or the older `sliding_window_pattern`; each kind has its own rope (gemma3)
};

struct Architecture {
  std::string_view gguf_name;      // general.architecture; empty: GGUF files use another family's name
  std::string_view hf_model_type;  // model_type; empty: only from GGUF
  std::span<const TensorRule> tensors;
  ConfigNames config{};
  std::string_view hf_prefix{};  // optional prefix of tensor names (files of a model without its head leave it out)
  bool hf_transposed = false;    // matrices stored as (inputs, outputs)
  bool head_dim_required = false;
  bool ffn_optional = false;
  bool theta_required = false;        // otherwise 10,000, the value of the format before the field existed
  bool gguf_neighbour_pairs = false;  // converters permuted q and k for rotation of neighbours
  NormKind norm = NormKind::rms;
  PositionKind positions = PositionKind::rope;
  float hf_norm_weight_offset = 0;
  kernels::Activation gguf_activation = kernels::Activation::silu;
  bool gated = true;
  bool tied_by_default = false;          // config.json without tie_word_embeddings
  bool scaled_embedding = false;         // embeddings times sqrt(dim)
  bool score_scale_from_config = false;  // `query_pre_attn_scalar` (required) instead of head_dim
  WindowRule windows = WindowRule::none;
  size_t gguf_window_pattern = 1;  // every n-th layer sees everything; 1: `attention.sliding_window` is for all layers
};

std::span<const Architecture* const> architectures() noexcept;

extern const Architecture kLlama, kMistral, kQwen2, kQwen3, kGemma3, kGpt2;

}  // namespace sotto::model
