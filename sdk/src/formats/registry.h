// The list of model formats, and how a path or bytes become a ModelFile. Adding a format: its file pair and one row in
// registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "formats/model_file.h"

namespace sotto::formats {

/// Opens files that belong to a model by name (shards, split parts, side files), below the model's own folder only.
/// Returns not_found for a name that is not there.
using SiblingOpener = std::function<Result<std::shared_ptr<const ByteSource>>(const std::string& name)>;

/// invalid_argument for a name that is not below the model's folder: absolute, with "..", or of another system.
Status check_sibling_name(const std::string& name);

/// Opener for a folder on disk: refuses absolute names, "..", and links that lead out of the folder (invalid_argument).
SiblingOpener folder_opener(std::string folder, FileAccess access = FileAccess::mapped);

/// What reading may skip, and how.
struct ReadOptions {
  bool tokenizer_only = false;              // no tensors needed: a vocabulary-only GGUF or a folder without weights will do
  FileAccess access = FileAccess::mapped;   // of files opened by path
  std::string config_name = "config.json";  // of a Hugging Face folder
};

/// A .gguf file (split files: any part, the others are found by name), a .safetensors file, or a Hugging Face folder.
/// Errors: not_found, io_error, bad_model, unsupported; with file and offset, key or tensor.
Result<ModelFile> read_model(const std::string& path, const ReadOptions& options = {});

/// The same from one source; the format is recognised by its first bytes. `siblings` may be empty: then split files are an error.
Result<ModelFile> read_model(std::shared_ptr<const ByteSource> source, const SiblingOpener& siblings,
                             const ReadOptions& options = {});

}  // namespace sotto::formats
