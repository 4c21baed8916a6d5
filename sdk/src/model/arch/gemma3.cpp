// Gemma 3 (text): norms before and after each half, q and k norms, five windowed layers to one that sees everything, each kind with
// its own rotary base, embeddings times sqrt(dim), GELU gates. GGUF files store norm weights with their 1 added, Hugging Face
// without.
#include "model/arch/llama_tensors.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {
    SOTTO_LLAMA_EMBEDDINGS,
    SOTTO_LLAMA_ATTENTION,
    SOTTO_LLAMA_QKV_BIASES(Need::optional),
    {Role::attn_out_bias, "blk.{}.attn_output.bias", "model.layers.{}.self_attn.o_proj.bias", Dim::dim, Dim::none, Need::optional},
    SOTTO_QK_NORMS,
    {Role::attn_post_norm, "blk.{}.post_attention_norm.weight", "model.layers.{}.post_attention_layernorm.weight", Dim::dim},
    {Role::ffn_norm, "blk.{}.ffn_norm.weight", "model.layers.{}.pre_feedforward_layernorm.weight", Dim::dim},
    SOTTO_LLAMA_MLP,
    {Role::ffn_post_norm, "blk.{}.post_ffw_norm.weight", "model.layers.{}.post_feedforward_layernorm.weight", Dim::dim},
};

}  // namespace

constinit const Architecture kGemma3 = {
    .gguf_name = "gemma3",
    .hf_model_type = "gemma3_text",
    .tensors = kTensors,
    .config = {.activation = "hidden_activation", .attention_bias = "attention_bias", .logit_cap = "final_logit_softcapping"},
    .hf_prefix = "model.",
    .head_dim_required = true,
    .theta_required = true,
    .hf_norm_weight_offset = 1,
    .gguf_activation = kernels::Activation::gelu_tanh,
    .tied_by_default = true,
    .scaled_embedding = true,
    .score_scale_from_config = true,
    .windows = WindowRule::layer_types,
    .gguf_window_pattern = 6,
};

}  // namespace sotto::model
