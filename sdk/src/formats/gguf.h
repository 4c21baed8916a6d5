// GGUF versions 2 and 3, little-endian, one file or split in parts: header, metadata, tensor table, data.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; where readers differ, the stricter rule holds (nested arrays,
// dimensions of 0, booleans other than 0 and 1, overlapping tensors are errors).
#pragma once

#include "formats/registry.h"

namespace sotto::formats {

/// Everything before the data of one file. Keys, names, types, shapes and offsets are checked; that the file holds the data is not.
struct GgufHeader {
  uint32_t version = 0;
  uint64_t alignment = 32;   // bytes
  uint64_t data_offset = 0;  // from the start of the file
  uint64_t data_end = 0;     // padding of the last tensor included
  Metadata metadata;
  std::vector<TensorEntry> tensors;  // offsets from the start of the file
};

bool is_gguf(std::span<const std::byte> first_bytes, uint64_t size) noexcept;

/// Errors: bad_model with offset, key or tensor; unsupported for other versions, big-endian files and unknown tensor types.
Result<GgufHeader> read_gguf_header(const ByteSource& source);

/// A whole model, with the other parts of a split file. Errors also: not_found, a part that is missing.
Result<ModelFile> read_gguf(std::shared_ptr<const ByteSource> source, const SiblingOpener& siblings, const ReadOptions& options);

}  // namespace sotto::formats
