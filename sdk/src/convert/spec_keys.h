// What config.json says, in the keys of GGUF.
#pragma once

#include "convert/keys.h"
#include "convert/tensor_jobs.h"

namespace sotto::convert {

/// Of a model that is no GGUF file. What readers of GGUF would take to be something else is found by reading the keys back. `jobs`
/// are changed where a number for which there is no key can go into a tensor. Errors: unsupported naming the field that GGUF cannot
/// say.
Result<Keys> spec_keys(const formats::ModelFile& file, const model::ModelSpec& spec, std::vector<TensorJob>& jobs);

}  // namespace sotto::convert
