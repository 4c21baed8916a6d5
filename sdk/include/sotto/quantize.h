// quantize_file: any readable model to one GGUF file whose matrices have the wanted type. Byte for byte the same on every run and
// machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sotto/cancel.h"
#include "sotto/result.h"

namespace sotto {

struct QuantizeOptions {
  std::string type = "q8_0";  // "q8_0", "q4_0" or "f16"
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress{};
  RunControl control{};
};

struct QuantizeReport {
  uint64_t input_bytes = 0;         // of all tensors
  uint64_t output_bytes = 0;        // of the file
  size_t quantized = 0;             // tensors that have the wanted type now
  std::vector<std::string> kept{};  // matrices that could not take it (a row is no multiple of its block): they are F16
};

/// Writes beside `output` and renames it at the end: an error leaves no file. Errors: as Model::open; unsupported (type); io_error.
Result<QuantizeReport> quantize_file(const std::string& input, const std::string& output, const QuantizeOptions& options = {});

}  // namespace sotto
