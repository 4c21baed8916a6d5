// GPT-2: LayerNorm with biases, learned positions, one fused matrix for q, k and v, plain GELU, tied head.
// Hugging Face files store matrices as (inputs, outputs); some leave out the prefix "transformer.".
#include "model/arch/architecture.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {
    {Role::token_embedding, "token_embd.weight", "wte.weight", Dim::vocab, Dim::dim},
    {Role::position_embedding, "position_embd.weight", "wpe.weight", Dim::positions, Dim::dim},
    {Role::output_norm, "output_norm.weight", "ln_f.weight", Dim::dim},
    {Role::output_norm_bias, "output_norm.bias", "ln_f.bias", Dim::dim},
    {Role::head, "output.weight", "lm_head.weight", Dim::vocab, Dim::dim},
    {Role::attn_norm, "blk.{}.attn_norm.weight", "h.{}.ln_1.weight", Dim::dim},
    {Role::attn_norm_bias, "blk.{}.attn_norm.bias", "h.{}.ln_1.bias", Dim::dim},
    {Role::qkv, "blk.{}.attn_qkv.weight", "h.{}.attn.c_attn.weight", Dim::qkv, Dim::dim},
    {Role::qkv_bias, "blk.{}.attn_qkv.bias", "h.{}.attn.c_attn.bias", Dim::qkv},
    {Role::attn_out, "blk.{}.attn_output.weight", "h.{}.attn.c_proj.weight", Dim::dim, Dim::q},
    {Role::attn_out_bias, "blk.{}.attn_output.bias", "h.{}.attn.c_proj.bias", Dim::dim},
    {Role::ffn_norm, "blk.{}.ffn_norm.weight", "h.{}.ln_2.weight", Dim::dim},
    {Role::ffn_norm_bias, "blk.{}.ffn_norm.bias", "h.{}.ln_2.bias", Dim::dim},
    {Role::up, "blk.{}.ffn_up.weight", "h.{}.mlp.c_fc.weight", Dim::ffn, Dim::dim},
    {Role::up_bias, "blk.{}.ffn_up.bias", "h.{}.mlp.c_fc.bias", Dim::ffn},
    {Role::down, "blk.{}.ffn_down.weight", "h.{}.mlp.c_proj.weight", Dim::dim, Dim::ffn},
    {Role::down_bias, "blk.{}.ffn_down.bias", "h.{}.mlp.c_proj.bias", Dim::dim},
};

}  // namespace

constinit const Architecture kGpt2 = {
    .gguf_name = "gpt2",
    .hf_model_type = "gpt2",
    .tensors = kTensors,
    .config = {.layers = "n_layer",
               .dim = "n_embd",
               .heads = "n_head",
               .kv_heads = "",
               .head_dim = "",
               .ffn = "n_inner",
               .context = "n_positions",
               .eps = "layer_norm_epsilon",
               .activation = "activation_function",
               .scores_scaled = "scale_attn_weights",
               .scores_by_layer = "scale_attn_by_inverse_layer_idx"},
    .hf_prefix = "transformer.",
    .hf_transposed = true,
    .ffn_optional = true,
    .norm = NormKind::layer,
    .positions = PositionKind::learned,
    .gguf_activation = kernels::Activation::gelu_tanh,
    .gated = false,
    .tied_by_default = true,
};

}  // namespace sotto::model
