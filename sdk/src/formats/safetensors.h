// SafeTensors: a length, a JSON header, data; one file or shards named by an index. https://huggingface.co/docs/safetensors
// Tensors cover the data exactly: no holes, no overlaps, nothing behind the last.
#pragma once

#include "formats/registry.h"

namespace sotto::formats {

struct SafetensorsHeader {
  std::vector<std::pair<std::string, std::string>> metadata;  // "__metadata__"
  std::vector<TensorEntry> tensors;                           // by offset, which counts from the start of the file
};

/// Tensors of all shards, and the shards.
struct SafetensorsShards {
  std::vector<TensorEntry> tensors;
  std::vector<std::shared_ptr<const ByteSource>> sources;
};

/// The format has no magic: a header length that fits the file, and a header that starts as a JSON object.
bool is_safetensors(std::span<const std::byte> first_bytes, uint64_t size) noexcept;

/// Errors: bad_model with the tensor or offset; unsupported for a number type without a name here.
Result<SafetensorsHeader> read_safetensors_header(const ByteSource& source);

/// `index`: the parsed model.safetensors.index.json. `where`: its name, for messages. Errors also: not_found naming the shard;
/// invalid_argument from `siblings` for names that lead out of the folder.
Result<SafetensorsShards> read_safetensors_shards(const Json& index, const std::string& where, const SiblingOpener& siblings);

}  // namespace sotto::formats
