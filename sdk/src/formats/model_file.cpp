#include "formats/model_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sotto::formats {
namespace {

constexpr std::string_view kKinds[] = {"boolean",           "integer",           "integer",          "number",          "string",
                                       "array of booleans", "array of integers", "array of numbers", "array of strings"};
static_assert(std::size(kKinds) + 1 == std::variant_size_v<MetaValue>);

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// For messages: the kind and, where it is short, the value.
std::string describe(const MetaValue& value) {
  const std::string kind(kind_of(value));
  if (const auto* b = std::get_if<bool>(&value)) return kind + (*b ? " true" : " false");
  if (const auto* i = std::get_if<int64_t>(&value)) return kind + " " + std::to_string(*i);
  if (const auto* u = std::get_if<uint64_t>(&value)) return kind + " " + std::to_string(*u);
  if (const auto* d = std::get_if<double>(&value)) return kind + " " + text_of(*d);
  if (const auto* s = std::get_if<std::string>(&value))
    return kind + " " + json_quote(s->size() <= 48 ? *s : s->substr(0, 48) + "...");
  return kind;
}

/// Got and wanted of one field.
Error wrong(const Metadata& metadata, std::string_view key, const std::string& wanted) {
  const MetaValue* value = metadata.find(key);
  const std::string got = value ? describe(*value) : metadata.has_members(key) ? "object" : "missing";
  std::string message = "'" + std::string(key) + "' in " + metadata.source() + " is " + got + ", wanted: " + wanted;
  return {ErrorCode::bad_model, std::move(message), std::string(key)};
}

bool is_empty_array(const MetaValue& value) noexcept {
  return std::visit(
      [](const auto& held) {
        if constexpr (requires { held.empty(); } && !std::is_same_v<std::decay_t<decltype(held)>, std::string>) return held.empty();
        return false;
      },
      value);
}

/// A field that is a T, or an empty array where T is an array: JSON does not tell the kind of what is not there.
template <class T>
Result<T> typed(const Metadata& metadata, std::string_view key, const char* wanted) {
  const MetaValue* value = metadata.find(key);
  if (const T* held = value ? std::get_if<T>(value) : nullptr) return *held;
  return wrong(metadata, key, wanted);
}

template <class T>
Result<std::span<const T>> array(const Metadata& metadata, std::string_view key, const char* wanted) {
  const MetaValue* value = metadata.find(key);
  if (const auto* held = value ? std::get_if<std::vector<T>>(value) : nullptr) return std::span<const T>(*held);
  if (value && is_empty_array(*value)) return std::span<const T>();
  return wrong(metadata, key, wanted);
}

}  // namespace

std::string_view kind_of(const MetaValue& value) noexcept {
  if (const Json* json = std::get_if<Json>(&value)) return json->kind();
  return kKinds[value.index()];
}

const MetaValue* Metadata::find(std::string_view key) const noexcept {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  const Json* json = std::get_if<Json>(&found->second);
  return json && json->is_null() ? nullptr : &found->second;
}

bool Metadata::has_members(std::string_view key) const {
  const std::string prefix = std::string(key) + ".";
  const auto first = values_.lower_bound(prefix);
  return first != values_.end() && first->first.starts_with(prefix);
}

Result<int64_t> Metadata::integer(std::string_view key, int64_t min, int64_t max) const {
  const MetaValue* value = find(key);
  const int64_t* held = value ? std::get_if<int64_t>(value) : nullptr;
  if (held && *held >= min && *held <= max) return *held;
  return wrong(*this, key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<double> Metadata::number(std::string_view key, double min, double max) const {
  const MetaValue* value = find(key);
  double held = std::nan("");
  if (value) {
    if (const auto* i = std::get_if<int64_t>(value)) held = static_cast<double>(*i);
    if (const auto* u = std::get_if<uint64_t>(value)) held = static_cast<double>(*u);
    if (const auto* d = std::get_if<double>(value)) held = *d;
  }
  if (held >= min && held <= max) return held;
  return wrong(*this, key, "a number from " + text_of(min) + " to " + text_of(max));
}

Result<bool> Metadata::boolean(std::string_view key) const {
  return typed<bool>(*this, key, "true or false");
}
Result<std::string> Metadata::string(std::string_view key) const {
  return typed<std::string>(*this, key, "a string");
}

Result<std::span<const std::string>> Metadata::strings(std::string_view key) const {
  return array<std::string>(*this, key, "an array of strings");
}
Result<std::span<const int64_t>> Metadata::integers(std::string_view key) const {
  return array<int64_t>(*this, key, "an array of integers");
}
Result<std::span<const double>> Metadata::numbers(std::string_view key) const {
  return array<double>(*this, key, "an array of floating-point numbers");
}

const TensorEntry* ModelFile::find(std::string_view tensor) const noexcept {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const TensorEntry& entry) { return entry.name == tensor; });
  return found == tensors.end() ? nullptr : &*found;
}

uint64_t ModelFile::tensor_bytes() const noexcept {
  uint64_t sum = 0;  // cannot wrap: tensors lie side by side in files
  for (const TensorEntry& tensor : tensors) sum += tensor.n_bytes;
  return sum;
}

void ModelFile::let_go_of_texts() noexcept {
  metadata = {};
  hugging_face = {};
}

Result<std::span<const std::byte>> tensor_bytes(const ModelFile& file, const TensorEntry& tensor, std::vector<std::byte>& scratch) {
  if (tensor.source >= file.sources.size())
    return Error{ErrorCode::internal, "the tensor belongs to a source that is not there", tensor.name};
  const ByteSource& source = *file.sources[tensor.source];
  if (tensor.offset > source.size() || tensor.n_bytes > source.size() - tensor.offset)
    return Error{ErrorCode::bad_model, "the tensor's bytes do not lie inside " + source.name(), tensor.name};
  if (const auto view = source.view(); !view.empty())
    return view.subspan(static_cast<size_t>(tensor.offset), static_cast<size_t>(tensor.n_bytes));
  if (tensor.n_bytes > SIZE_MAX) return Error{ErrorCode::out_of_memory, "the tensor is larger than the address space", tensor.name};
  scratch.resize(static_cast<size_t>(tensor.n_bytes));
  SOTTO_TRY(source.read(tensor.offset, scratch));
  return std::span<const std::byte>(scratch);
}

}  // namespace sotto::formats
