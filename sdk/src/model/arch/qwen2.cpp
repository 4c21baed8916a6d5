// Qwen 1.5, 2 and 2.5: Llama with biases on q, k and v.
#include "model/arch/llama_tensors.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {
    SOTTO_LLAMA_EMBEDDINGS, SOTTO_LLAMA_ATTENTION, SOTTO_LLAMA_QKV_BIASES(Need::required), SOTTO_LLAMA_FFN_NORM, SOTTO_LLAMA_MLP,
};

}  // namespace

constinit const Architecture kQwen2 = {
    .gguf_name = "qwen2",
    .hf_model_type = "qwen2",
    .tensors = kTensors,
    .hf_prefix = "model.",
    .windows = WindowRule::switched,
};

}  // namespace sotto::model
