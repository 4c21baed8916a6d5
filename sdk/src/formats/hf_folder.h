// A Hugging Face folder: config.json, weights in SafeTensors, and the texts that tokenizer and chat template are made from.
// Nested objects of config.json become dotted keys: {"rope_parameters": {"factor": 8}} is "rope_parameters.factor".
#pragma once

#include "formats/registry.h"

namespace sotto::formats {

/// `folder` is its name for messages, `files` opens what lies in it. Errors: not_found: config.json or the weights;
/// with options.tokenizer_only: neither config.json nor tokenizer.json.
Result<ModelFile> read_hf_folder(const std::string& folder, const SiblingOpener& files, const ReadOptions& options);

/// The folder around a .safetensors file: that file is the weights, or one of the shards that the folder's index names.
Result<ModelFile> read_hf_weights(std::shared_ptr<const ByteSource> weights, const SiblingOpener& files,
                                  const ReadOptions& options);

/// Adds the members of a JSON object to `metadata`. Errors: bad_model: no object, a key that occurs twice, too many keys.
Status flatten(const Json& object, Metadata& metadata);

}  // namespace sotto::formats
