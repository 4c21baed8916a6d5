// One SafeTensors file, as the reference writes it: header padded with blanks to a multiple of 8.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/gguf_writer.h"

namespace sotto::formats {

struct SafetensorsTensor {
  std::string name;
  quant::DType type{};
  std::vector<uint64_t> shape;
  std::span<const std::byte> data;
};

/// Tensors lie in the order given; the same arguments give the same bytes. Errors: unsupported: a type SafeTensors does not know;
/// invalid_argument: data that does not fit the shape; what the sink answers.
Status write_safetensors(std::span<const SafetensorsTensor> tensors, std::span<const std::pair<std::string, std::string>> metadata,
                         const ByteSink& sink);

}  // namespace sotto::formats
