#include "formats/safetensors_writer.h"

#include "formats/tensor_table.h"

namespace sotto::formats {

Status write_safetensors(std::span<const SafetensorsTensor> tensors, std::span<const std::pair<std::string, std::string>> metadata,
                         const ByteSink& sink) {
  std::string header = "{";
  const auto member = [&](const std::string& name) -> std::string& {
    if (header.size() > 1) header += ',';
    return header += json_quote(name) + ":";
  };
  if (!metadata.empty()) {
    std::string values;
    for (const auto& [key, value] : metadata) values += (values.empty() ? "" : ",") + json_quote(key) + ":" + json_quote(value);
    member("__metadata__") += "{" + values + "}";
  }
  uint64_t offset = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    const quant::TypeInfo& type = quant::info(tensor.type);
    if (type.safetensors.empty())
      return Error{ErrorCode::unsupported, "SafeTensors does not know the type " + std::string(type.name), tensor.name};
    if (checked_tensor_bytes(tensor.shape, type) != tensor.data.size())
      return Error{ErrorCode::invalid_argument,
                   std::to_string(tensor.data.size()) + " bytes are not a tensor of shape " + shape_text(tensor.shape),
                   tensor.name};
    std::string shape;
    for (const uint64_t dim : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(dim);
    member(tensor.name) += "{\"dtype\":\"" + std::string(type.safetensors) + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
                           std::to_string(offset) + "," + std::to_string(offset + tensor.data.size()) + "]}";
    offset += tensor.data.size();
  }
  header += "}";
  header.resize((header.size() + 7) & ~size_t{7}, ' ');
  const uint64_t length = header.size();
  SOTTO_TRY(sink(std::as_bytes(std::span(&length, 1))));
  SOTTO_TRY(sink(std::as_bytes(std::span(header))));
  for (const SafetensorsTensor& tensor : tensors) SOTTO_TRY(sink(tensor.data));
  return {};
}

}  // namespace sotto::formats
