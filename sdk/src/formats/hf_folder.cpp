#include "formats/hf_folder.h"

#include <algorithm>
#include <optional>

#include "formats/safetensors.h"

namespace sotto::formats {
namespace {

constexpr char kWeights[] = "model.safetensors";
constexpr char kIndex[] = "model.safetensors.index.json";
// The largest published tokenizer.json has 33 MB; a dotted key repeats those of the objects around it.
constexpr uint64_t kMaxTextBytes = uint64_t{256} << 20;
constexpr uint64_t kMaxJsonBytes = uint64_t{16} << 20;  // config and index, which become trees here
constexpr size_t kMaxKeys = size_t{1} << 16;
constexpr size_t kMaxKeyBytes = 256;

Result<std::string> read_text(const ByteSource& source, uint64_t max_bytes = kMaxTextBytes) {
  if (source.size() > max_bytes)
    return Error{ErrorCode::bad_model, "the file is too large for a text: " + std::to_string(source.size()) + " bytes",
                 source.name()};
  std::string text(static_cast<size_t>(source.size()), '\0');
  SOTTO_TRY(source.read(0, std::as_writable_bytes(std::span(text))));
  return text;
}

Result<Json> read_json(const ByteSource& source) {
  SOTTO_ASSIGN(const std::string text, read_text(source, kMaxJsonBytes));
  return Json::parse(text, source.name());
}

/// The file, or nothing when it is not there.
Result<std::shared_ptr<const ByteSource>> open_optional(const SiblingOpener& files, const std::string& name) {
  auto source = files ? files(name) : Result<std::shared_ptr<const ByteSource>>(std::shared_ptr<const ByteSource>());
  if (!source && source.error().code == ErrorCode::not_found) return std::shared_ptr<const ByteSource>();
  return source;
}

Status read_optional(const SiblingOpener& files, const char* name, std::string& text) {
  SOTTO_ASSIGN(const auto source, open_optional(files, name));
  if (!source) return {};
  SOTTO_ASSIGN(text, read_text(*source));
  return {};
}

/// All items as T, or nothing.
template <class T, class Convert>
std::optional<std::vector<T>> items(const Json::Array& array, Convert convert) {
  std::vector<T> values;
  values.reserve(array.size());
  for (const Json& item : array) {
    const auto value = convert(item);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

MetaValue array_value(const Json& json) {
  const Json::Array& array = *json.as_array();
  if (auto values = items<int64_t>(array, [](const Json& item) { return item.as_int(); })) return std::move(*values);
  if (auto values = items<std::string>(array, [](const Json& item) { return item.as_string(); })) return std::move(*values);
  if (auto values = items<bool>(array, [](const Json& item) { return item.as_bool(); })) return std::move(*values);
  const auto number = [](const Json& item) -> std::optional<double> {
    if (item.as_int()) return static_cast<double>(*item.as_int());
    return item.as_double() ? std::optional<double>(*item.as_double()) : std::nullopt;
  };
  if (auto values = items<double>(array, number)) return std::move(*values);
  return json;
}

MetaValue scalar_value(const Json& json) {
  if (const auto* value = json.as_bool()) return *value;
  if (const auto* value = json.as_int()) return *value;
  if (const auto* value = std::get_if<uint64_t>(&json.value())) return *value;
  if (const auto* value = json.as_double()) return *value;
  if (const auto* value = json.as_string()) return *value;
  return json.as_array() ? array_value(json) : json;
}

Status read_config(ModelFile& model, const std::string& folder, const SiblingOpener& files, const ReadOptions& options) {
  SOTTO_ASSIGN(const auto source, open_optional(files, options.config_name));
  if (!source) {
    model.metadata = Metadata(folder);
    if (options.tokenizer_only && !model.hugging_face.tokenizer_json.empty()) return {};
    return Error{ErrorCode::not_found, options.config_name + " is missing in " + folder, options.config_name};
  }
  SOTTO_ASSIGN(const Json json, read_json(*source));
  model.metadata = Metadata(source->name());
  return flatten(json, model.metadata);
}

/// Everything but the weights.
Result<ModelFile> read_texts(const std::string& folder, const SiblingOpener& files, const ReadOptions& options) {
  ModelFile model;
  model.format = "safetensors";
  model.naming = Naming::hugging_face;
  SOTTO_TRY(read_optional(files, "tokenizer.json", model.hugging_face.tokenizer_json));
  SOTTO_TRY(read_config(model, folder, files, options));
  SOTTO_TRY(read_optional(files, "tokenizer_config.json", model.hugging_face.tokenizer_config_json));
  SOTTO_TRY(read_optional(files, "special_tokens_map.json", model.hugging_face.special_tokens_map_json));
  SOTTO_TRY(read_optional(files, "chat_template.jinja", model.hugging_face.chat_template));
  SOTTO_TRY(read_optional(files, "generation_config.json", model.hugging_face.generation_config_json));
  return model;
}

Status add_file(ModelFile& model, std::shared_ptr<const ByteSource> weights) {
  SOTTO_ASSIGN(SafetensorsHeader header, read_safetensors_header(*weights));
  model.tensors = std::move(header.tensors);
  model.sources.push_back(std::move(weights));
  return {};
}

Status add_shards(ModelFile& model, const ByteSource& index, const Json& json, const SiblingOpener& files) {
  SOTTO_ASSIGN(SafetensorsShards shards, read_safetensors_shards(json, index.name(), files));
  model.tensors = std::move(shards.tensors);
  model.sources = std::move(shards.sources);
  return {};
}

bool names_shard(const Json& index, std::string_view shard) {
  const Json* map = index.find("weight_map");
  if (!map || !map->as_object()) return false;
  return std::any_of(map->as_object()->begin(), map->as_object()->end(),
                     [&](const Json::Member& member) { return member.second.as_string() && *member.second.as_string() == shard; });
}

}  // namespace

Status flatten(const Json& root, Metadata& metadata) {
  if (!root.as_object()) return Error{ErrorCode::bad_model, metadata.source() + " holds no JSON object", metadata.source()};
  std::vector<std::pair<std::string, const Json*>> open{{"", &root}};
  while (!open.empty()) {
    const auto [prefix, object] = std::move(open.back());
    open.pop_back();
    for (const auto& [name, value] : *object->as_object()) {
      const std::string key = prefix + name;
      if (key.size() > kMaxKeyBytes)
        return Error{ErrorCode::bad_model, "a key in " + metadata.source() + " is longer than 256 bytes", key.substr(0, 64)};
      if (value.as_object() && !value.as_object()->empty()) {
        open.emplace_back(key + ".", &value);
        continue;
      }
      if (metadata.values().contains(key))
        return Error{ErrorCode::bad_model, "'" + key + "' occurs twice in " + metadata.source(), key};
      if (metadata.values().size() == kMaxKeys)
        return Error{ErrorCode::bad_model, metadata.source() + " has more than 65536 keys", key};
      metadata.set(key, scalar_value(value));
    }
  }
  return {};
}

Result<ModelFile> read_hf_folder(const std::string& folder, const SiblingOpener& files, const ReadOptions& options) {
  SOTTO_ASSIGN(ModelFile model, read_texts(folder, files, options));
  if (options.tokenizer_only) return model;
  SOTTO_ASSIGN(auto weights, open_optional(files, kWeights));
  if (weights) {
    SOTTO_TRY(add_file(model, std::move(weights)));
    return model;
  }
  SOTTO_ASSIGN(const auto index, open_optional(files, kIndex));
  if (!index)
    return Error{ErrorCode::not_found, "neither model.safetensors nor model.safetensors.index.json is in " + folder, kWeights};
  SOTTO_ASSIGN(const Json json, read_json(*index));
  SOTTO_TRY(add_shards(model, *index, json, files));
  return model;
}

Result<ModelFile> read_hf_weights(std::shared_ptr<const ByteSource> weights, const SiblingOpener& files,
                                  const ReadOptions& options) {
  const size_t base = weights->name().find_last_of("/\\") + 1;
  SOTTO_ASSIGN(ModelFile model,
               read_texts(base > 1 ? weights->name().substr(0, base - 1) : "the folder of " + weights->name(), files, options));
  if (options.tokenizer_only) return model;
  SOTTO_ASSIGN(const auto index, open_optional(files, kIndex));
  if (index) {
    SOTTO_ASSIGN(const Json json, read_json(*index));
    if (names_shard(json, std::string_view(weights->name()).substr(base))) {
      SOTTO_TRY(add_shards(model, *index, json, files));
      return model;
    }
  }
  SOTTO_TRY(add_file(model, std::move(weights)));
  return model;
}

}  // namespace sotto::formats
