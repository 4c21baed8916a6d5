// Mistral 7B and its kin from Hugging Face folders: Llama with a window over all layers. Their GGUF files name themselves llama.
#include "model/arch/llama_tensors.h"

namespace sotto::model {
namespace {

constexpr TensorRule kTensors[] = {SOTTO_LLAMA_EMBEDDINGS, SOTTO_LLAMA_ATTENTION, SOTTO_LLAMA_FFN_NORM, SOTTO_LLAMA_MLP};

}  // namespace

constinit const Architecture kMistral = {
    .gguf_name = "",
    .hf_model_type = "mistral",
    .tensors = kTensors,
    .hf_prefix = "model.",
    .windows = WindowRule::all_layers,
};

}  // namespace sotto::model
