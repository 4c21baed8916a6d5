#include "generate/inspection.h"

#include <algorithm>
#include <cstdio>

#include "generate/load_model.h"

namespace sotto::generate {
namespace {

constexpr size_t kElementsShown = 8;

std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(int64_t value) {
  return std::to_string(value);
}
std::string text_of(uint64_t value) {
  return std::to_string(value);
}
std::string text_of(const std::string& value) {
  return value;
}
std::string text_of(const formats::Json& value) {
  return std::string(value.kind());
}
std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

template <class T>
std::string text_of(const std::vector<T>& values) {
  std::string text = "[";
  for (size_t i = 0; i < std::min(values.size(), kElementsShown); ++i) text += (i ? ", " : "") + text_of(static_cast<T>(values[i]));
  if (values.size() > kElementsShown) text += ", ... " + std::to_string(values.size()) + " in all";
  return text + "]";
}

}  // namespace

Inspection inspect(const formats::ModelFile& file) {
  Inspection result;
  result.format = file.format;
  result.architecture = architecture_name(file);
  result.parameters = n_parameters(file);
  const Result<model::ModelSpec> spec = model::read_spec(file);
  result.supported = spec.has_value();
  if (!spec) result.unsupported_reason = spec.error().message;
  for (const auto& [key, value] : file.metadata.values())
    result.metadata.emplace_back(key, std::visit([](const auto& typed) { return text_of(typed); }, value));
  for (const formats::TensorEntry& tensor : file.tensors) {
    const quant::TypeInfo& type = quant::info(tensor.type);
    if (!type.computed() && result.supported) {
      result.supported = false;
      result.unsupported_reason = tensor.name + " has type " + std::string(type.name) + ", which this version does not compute";
    }
    result.tensor_bytes += tensor.n_bytes;
    result.tensors.push_back({tensor.name, std::string(type.name), tensor.shape, tensor.n_bytes});
  }
  return result;
}

}  // namespace sotto::generate
