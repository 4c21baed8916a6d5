#include "formats/gguf.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "formats/tensor_table.h"

namespace sotto::formats {
namespace {

/// What "name-00002-of-00003.gguf" has around its number; nothing when the name is not of this form.
struct PartNames {
  std::string prefix;
  uint64_t n_parts;

  std::string name(uint64_t part) const {
    char suffix[64];
    std::snprintf(suffix, sizeof suffix, "-%05llu-of-%05llu.gguf", static_cast<unsigned long long>(part + 1),
                  static_cast<unsigned long long>(n_parts));
    return prefix + suffix;
  }
};

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

/// The three keys of a split file. Absent in a whole one: one part, number 0.
struct SplitKeys {
  int64_t part = 0;
  int64_t n_parts = 1;
  int64_t n_tensors = -1;

  static Result<SplitKeys> read(const Metadata& metadata) {
    SplitKeys keys;
    if (!metadata.has("split.count")) return keys;
    SOTTO_ASSIGN(keys.n_parts, metadata.integer("split.count", 0, UINT16_MAX));
    keys.n_parts = std::max<int64_t>(keys.n_parts, 1);  // 0 marks a file joined from parts
    if (keys.n_parts == 1) return keys;
    SOTTO_ASSIGN(keys.part, metadata.integer("split.no", 0, keys.n_parts - 1));
    SOTTO_ASSIGN(keys.n_tensors, metadata.integer("split.tensors.count", 0, INT32_MAX));
    return keys;
  }
};

/// Adds the tensors of one part to the model.
Status append(ModelFile& model, GgufHeader header, std::shared_ptr<const ByteSource> source, const ReadOptions& options) {
  for (const TensorEntry& tensor : header.tensors) {
    if (options.tokenizer_only || tensor.offset + tensor.n_bytes <= source->size()) continue;
    return Error{ErrorCode::bad_model,
                 "the tensor '" + tensor.name + "' ends at byte " + std::to_string(tensor.offset + tensor.n_bytes) + ", but " +
                     source->name() + " has only " + std::to_string(source->size()) + " bytes",
                 tensor.name};
  }
  if (!options.tokenizer_only && !header.tensors.empty() && header.data_end > source->size())
    return Error{ErrorCode::bad_model,
                 "the data ends at byte " + std::to_string(header.data_end) + " with its padding, but the file has only " +
                     std::to_string(source->size()) + " bytes",
                 source->name()};
  if (options.tokenizer_only) header.tensors.clear();
  for (TensorEntry& tensor : header.tensors) {
    tensor.source = static_cast<uint32_t>(model.sources.size());
    model.tensors.push_back(std::move(tensor));
  }
  model.sources.push_back(std::move(source));
  return {};
}

/// The parts of a split file in their order; `given` is one of them and `keys` what it says.
Status append_parts(ModelFile& model, const std::shared_ptr<const ByteSource>& given, const SplitKeys& keys,
                    const SiblingOpener& siblings, const ReadOptions& options) {
  const std::string given_name = base_name(given->name());
  PartNames names{"", static_cast<uint64_t>(keys.n_parts)};
  const std::string suffix = names.name(static_cast<uint64_t>(keys.part));
  if (!given_name.ends_with(suffix) || !siblings)
    return Error{ErrorCode::bad_model,
                 "this is part " + std::to_string(keys.part + 1) + " of " + std::to_string(keys.n_parts) +
                     " of a split model; the others are found only beside a file whose name ends in " + suffix,
                 given->name()};
  names.prefix = given_name.substr(0, given_name.size() - suffix.size());
  const int64_t n_parts = options.tokenizer_only ? 1 : keys.n_parts;  // all metadata lies in the first
  for (int64_t part = 0; part < n_parts; ++part) {
    const std::string name = names.name(static_cast<uint64_t>(part));
    auto source = part == keys.part ? Result<std::shared_ptr<const ByteSource>>(given) : siblings(name);
    if (!source) {
      if (source.error().code != ErrorCode::not_found) return std::move(source).error();
      return Error{
          ErrorCode::not_found,
          "part " + std::to_string(part + 1) + " of " + std::to_string(keys.n_parts) + " of the split model is missing: " + name,
          name};
    }
    SOTTO_ASSIGN(GgufHeader header, read_gguf_header(**source));
    SOTTO_ASSIGN(const SplitKeys own, SplitKeys::read(header.metadata));
    if (own.part != part || own.n_parts != keys.n_parts || own.n_tensors != keys.n_tensors)
      return Error{ErrorCode::bad_model,
                   name + " does not belong to this model: it says that it is part " + std::to_string(own.part + 1) + " of " +
                       std::to_string(own.n_parts) + " with " + std::to_string(own.n_tensors) + " tensors in all, wanted: part " +
                       std::to_string(part + 1) + " of " + std::to_string(keys.n_parts) + " with " + std::to_string(keys.n_tensors),
                   name};
    if (part == 0) model.metadata = std::move(header.metadata);
    SOTTO_TRY(append(model, std::move(header), *source, options));
  }
  if (options.tokenizer_only) return {};
  if (model.tensors.size() != static_cast<uint64_t>(keys.n_tensors))
    return Error{ErrorCode::bad_model,
                 "the parts hold " + std::to_string(model.tensors.size()) + " tensors, 'split.tensors.count' says " +
                     std::to_string(keys.n_tensors),
                 "split.tensors.count"};
  if (const TensorEntry* twice = duplicate_name(model.tensors))
    return Error{ErrorCode::bad_model, "the tensor '" + twice->name + "' occurs in two parts of the model", twice->name};
  return {};
}

}  // namespace

bool is_gguf(std::span<const std::byte> first_bytes, uint64_t) noexcept {
  return first_bytes.size() >= 4 && std::memcmp(first_bytes.data(), "GGUF", 4) == 0;
}

Result<ModelFile> read_gguf(std::shared_ptr<const ByteSource> source, const SiblingOpener& siblings, const ReadOptions& options) {
  SOTTO_ASSIGN(GgufHeader header, read_gguf_header(*source));
  SOTTO_ASSIGN(const SplitKeys keys, SplitKeys::read(header.metadata));
  ModelFile model;
  model.format = "gguf";
  model.naming = Naming::gguf;
  if (keys.n_parts > 1) {
    SOTTO_TRY(append_parts(model, source, keys, siblings, options));
  } else {
    model.metadata = std::move(header.metadata);
    SOTTO_TRY(append(model, std::move(header), std::move(source), options));
  }
  return model;
}

}  // namespace sotto::formats
