// Llama 1 to 3, SmolLM 1 and 2, TinyLlama, and the many models that name themselves so. RMSNorm, SwiGLU, rotary positions, grouped
// heads.
#include "model/arch/llama_tensors.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {
    SOTTO_LLAMA_EMBEDDINGS,
    {Role::rope_factors, "rope_freqs.weight", "", Dim::half_rotary, Dim::none, Need::optional},
    SOTTO_LLAMA_ATTENTION,
    SOTTO_LLAMA_QKV_BIASES(Need::optional),
    {Role::attn_out_bias, "blk.{}.attn_output.bias", "model.layers.{}.self_attn.o_proj.bias", Dim::dim, Dim::none, Need::optional},
    SOTTO_LLAMA_FFN_NORM,
    SOTTO_LLAMA_MLP,
    {Role::gate_bias, "blk.{}.ffn_gate.bias", "model.layers.{}.mlp.gate_proj.bias", Dim::ffn, Dim::none, Need::optional},
    {Role::up_bias, "blk.{}.ffn_up.bias", "model.layers.{}.mlp.up_proj.bias", Dim::ffn, Dim::none, Need::optional},
    {Role::down_bias, "blk.{}.ffn_down.bias", "model.layers.{}.mlp.down_proj.bias", Dim::dim, Dim::none, Need::optional},
};

}  // namespace

constinit const Architecture kLlama = {
    .gguf_name = "llama",
    .hf_model_type = "llama",
    .tensors = kTensors,
    .config = {.attention_bias = "attention_bias", .mlp_bias = "mlp_bias"},
    .hf_prefix = "model.",
    .gguf_neighbour_pairs = true,
};

}  // namespace sotto::model
