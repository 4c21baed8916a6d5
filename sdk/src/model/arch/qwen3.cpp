// Qwen 3 (dense): Llama with an RMSNorm on each head of q and k before the rotation.
#include "model/arch/llama_tensors.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {
    SOTTO_LLAMA_EMBEDDINGS,
    SOTTO_LLAMA_ATTENTION,
    SOTTO_LLAMA_QKV_BIASES(Need::optional),
    {Role::attn_out_bias, "blk.{}.attn_output.bias", "model.layers.{}.self_attn.o_proj.bias", Dim::dim, Dim::none, Need::optional},
    SOTTO_QK_NORMS,
    SOTTO_LLAMA_FFN_NORM,
    SOTTO_LLAMA_MLP,
};

}  // namespace

constinit const Architecture kQwen3 = {
    .gguf_name = "qwen3",
    .hf_model_type = "qwen3",
    .tensors = kTensors,
    .config = {.attention_bias = "attention_bias"},
    .hf_prefix = "model.",
    .head_dim_required = true,
    .windows = WindowRule::switched,
};

}  // namespace sotto::model
