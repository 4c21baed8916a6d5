// A Hugging Face folder as the GGUF bytes that a converter would write of it: what llama.cpp's convert_hf_to_gguf.py is known to do
// to names, fields and numbers, written here from the format's documentation, so that both ways into the model are compared.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "model_test.h"

namespace sotto::model {

/// `config` is the folder's config.json under current names. Tensors become F32.
std::vector<std::byte> as_gguf(const formats::ModelFile& file, const nlohmann::json& config);

}  // namespace sotto::model
