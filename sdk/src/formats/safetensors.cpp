#include "formats/safetensors.h"

#include <algorithm>
#include <utility>

#include "formats/byte_reader.h"
#include "formats/tensor_table.h"

namespace sotto::formats {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr uint64_t kLengthBytes = 8;
constexpr size_t kMaxDims = 8;
constexpr size_t kMaxTensors = size_t{1} << 18;  // over twice what the largest published model has in all shards
constexpr std::string_view kMetadataName = "__metadata__";

Error tensor_error(const ByteSource& source, const std::string& name, const std::string& message) {
  return {ErrorCode::bad_model, "the tensor " + json_quote(name.substr(0, 256)) + " in " + source.name() + " " + message,
          name.substr(0, 256)};
}

/// Non-negative integers, at most `max_items`.
std::optional<std::vector<uint64_t>> sizes(const Json* json, size_t max_items) {
  const Json::Array* array = json ? json->as_array() : nullptr;
  if (!array || array->size() > max_items) return std::nullopt;
  std::vector<uint64_t> values;
  for (const Json& item : *array) {
    if (const int64_t* value = item.as_int(); value && *value >= 0)
      values.push_back(static_cast<uint64_t>(*value));
    else if (const uint64_t* large = std::get_if<uint64_t>(&item.value()))
      values.push_back(*large);
    else
      return std::nullopt;
  }
  return values;
}

/// One member of the header; offsets still count from the start of the data.
Result<TensorEntry> read_entry(const ByteSource& source, const std::string& name, const Json& json) {
  TensorEntry tensor;
  tensor.name = name;
  const Json* dtype = json.find("dtype");
  if (!dtype || !dtype->as_string()) return tensor_error(source, name, "has no 'dtype' that is a string");
  const quant::TypeInfo* type = dtype->as_string()->empty() ? nullptr : quant::find_by_safetensors(*dtype->as_string());
  if (!type)
    return Error{ErrorCode::unsupported,
                 "the tensor " + json_quote(name.substr(0, 256)) + " has the unknown 'dtype' " +
                     json_quote(dtype->as_string()->substr(0, 32)),
                 name.substr(0, 256)};
  tensor.type = type->type;
  auto shape = sizes(json.find("shape"), kMaxDims);
  if (!shape) return tensor_error(source, name, "has no 'shape' of at most 8 non-negative integers");
  tensor.shape = std::move(*shape);
  const auto offsets = sizes(json.find("data_offsets"), 2);
  if (!offsets || offsets->size() != 2 || offsets->front() > offsets->back())
    return tensor_error(source, name, "has no 'data_offsets' of two integers, begin and end");
  const auto n_bytes = checked_tensor_bytes(tensor.shape, *type);
  if (!n_bytes)
    return tensor_error(source, name,
                        "has a shape that is no number of bytes as " + std::string(type->name) + ": " + shape_text(tensor.shape));
  tensor.offset = offsets->front();
  tensor.n_bytes = offsets->back() - offsets->front();
  if (tensor.n_bytes != *n_bytes)
    return tensor_error(source, name,
                        "has " + std::to_string(tensor.n_bytes) + " bytes, wanted: " + std::to_string(*n_bytes) + " for " +
                            std::string(type->name) + " " + shape_text(tensor.shape));
  return tensor;
}

Result<std::vector<std::pair<std::string, std::string>>> read_metadata(const ByteSource& source, const Json& json) {
  const Error error{ErrorCode::bad_model, "'__metadata__' in " + source.name() + " is no object of strings", "__metadata__"};
  if (!json.as_object()) return error;
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& [key, value] : *json.as_object()) {
    if (!value.as_string()) return error;
    metadata.emplace_back(key, *value.as_string());
  }
  return metadata;
}

}  // namespace

bool is_safetensors(std::span<const std::byte> first_bytes, uint64_t size) noexcept {
  uint64_t length;
  if (first_bytes.size() <= kLengthBytes) return false;
  std::memcpy(&length, first_bytes.data(), sizeof length);
  if (length > kMaxHeaderBytes || length > size - kLengthBytes) return false;
  const std::string_view header(reinterpret_cast<const char*>(first_bytes.data()) + kLengthBytes,
                                first_bytes.size() - kLengthBytes);
  const size_t brace = header.find_first_not_of(" \t\r\n");
  return brace == header.npos || header[brace] == '{';
}

Result<SafetensorsHeader> read_safetensors_header(const ByteSource& source) {
  ByteReader reader(source);
  SOTTO_ASSIGN(const auto length, reader.number<uint64_t>("the header's length"));
  if (length > kMaxHeaderBytes)
    return reader.error("the header's length is " + std::to_string(length) + ", at most 100000000 is allowed");
  SOTTO_ASSIGN(const auto text, reader.bytes(length, "the header"));
  SafetensorsHeader header;
  bool has_metadata = false;
  const auto on_member = [&](std::string name, Json value) -> Status {
    if (name == kMetadataName) {
      if (std::exchange(has_metadata, true)) return reader.error("'__metadata__' occurs twice");
      SOTTO_ASSIGN(header.metadata, read_metadata(source, value));
      return {};
    }
    if (header.tensors.size() == kMaxTensors)
      return reader.error("the file has more than " + std::to_string(kMaxTensors) + " tensors");
    SOTTO_ASSIGN(TensorEntry tensor, read_entry(source, name, value));
    header.tensors.push_back(std::move(tensor));
    return {};
  };
  SOTTO_TRY(Json::parse_members({reinterpret_cast<const char*>(text.data()), text.size()}, source.name(), on_member));
  if (const TensorEntry* twice = duplicate_name(header.tensors)) return tensor_error(source, twice->name, "occurs twice");

  std::sort(header.tensors.begin(), header.tensors.end(), lies_before);
  uint64_t end = 0;
  for (TensorEntry& tensor : header.tensors) {
    if (tensor.offset != end)
      return tensor_error(source, tensor.name,
                          "begins at byte " + std::to_string(tensor.offset) + " of the data, where the ones before it end at " +
                              std::to_string(end));
    if (tensor.n_bytes > reader.left() - end)
      return tensor_error(
          source, tensor.name,
          "ends at byte " + std::to_string(end + tensor.n_bytes) + " of the data, which has " + std::to_string(reader.left()));
    end += tensor.n_bytes;
    tensor.offset += kLengthBytes + length;
  }
  if (end != reader.left())
    return reader.error("the tensors cover " + std::to_string(end) + " bytes of the data, which has " +
                        std::to_string(reader.left()));
  return header;
}

Result<SafetensorsShards> read_safetensors_shards(const Json& index, const std::string& where, const SiblingOpener& siblings) {
  const Json* map = index.find("weight_map");
  if (!map || !map->as_object())
    return Error{ErrorCode::bad_model, "'weight_map' in " + where + " is missing or no object", "weight_map"};
  std::vector<std::pair<std::string_view, std::string_view>> wanted;  // shard, tensor
  for (const auto& [tensor, shard] : *map->as_object()) {
    if (!shard.as_string())
      return Error{ErrorCode::bad_model, "'weight_map' in " + where + " names no file for " + json_quote(tensor), tensor};
    wanted.emplace_back(*shard.as_string(), tensor);
  }
  std::sort(wanted.begin(), wanted.end());

  SafetensorsShards shards;
  for (size_t i = 0; i < wanted.size();) {
    const std::string shard(wanted[i].first);
    auto source = siblings ? siblings(shard) : Result<std::shared_ptr<const ByteSource>>(Error{ErrorCode::not_found, "", ""});
    if (!source && source.error().code == ErrorCode::not_found)
      return Error{ErrorCode::not_found, "the shard " + json_quote(shard) + ", which " + where + " names, is missing", shard};
    if (!source) return std::move(source).error();
    SOTTO_ASSIGN(SafetensorsHeader header, read_safetensors_header(**source));
    const auto order = sorted(header.tensors, [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; });
    for (; i < wanted.size() && wanted[i].first == shard; ++i) {
      const std::string_view name = wanted[i].second;
      const auto found = std::lower_bound(order.begin(), order.end(), name,
                                          [&](uint32_t at, std::string_view n) { return header.tensors[at].name < n; });
      if (found == order.end() || header.tensors[*found].name != name)
        return Error{
            ErrorCode::bad_model,
            "the tensor " + json_quote(name) + " is not in the shard " + json_quote(shard) + ", where " + where + " places it",
            std::string(name)};
    }
    for (TensorEntry& tensor : header.tensors) {
      tensor.source = static_cast<uint32_t>(shards.sources.size());
      shards.tensors.push_back(std::move(tensor));
    }
    shards.sources.push_back(std::move(*source));
  }
  if (const TensorEntry* twice = duplicate_name(shards.tensors))
    return Error{ErrorCode::bad_model, "the tensor " + json_quote(twice->name) + " occurs in two shards", twice->name};
  return shards;
}

}  // namespace sotto::formats
