// TensorJob: one tensor of the GGUF file to be, and where its numbers come from.
#pragma once

#include <string>
#include <vector>

#include "formats/model_file.h"
#include "model/spec.h"

namespace sotto::convert {

/// How the rows of a tensor lie in its file.
enum class RowOrder : uint8_t {
  as_written,
  transposed,  // (columns, rows)
  halves,      // rows i and i + head_dim/2 of each head are written next to each other
};

struct TensorJob {
  std::string name;  // in GGUF
  quant::DType type{};
  size_t rows = 0;  // of a vector: its length
  size_t columns = 1;
  bool is_matrix = false;
  bool quantizable = false;  // takes the wanted type where its rows fit

  const formats::TensorEntry* source = nullptr;
  std::vector<float> values;  // without a source
  RowOrder order = RowOrder::as_written;
  size_t head_dim = 0;  // of `halves`
  float added = 0;      // (number + added) * factor is written
  float factor = 1;

  std::vector<uint64_t> shape() const { return is_matrix ? std::vector<uint64_t>{rows, columns} : std::vector<uint64_t>{rows}; }
};

/// The family by whose names and rules GGUF files of this one are written.
const model::Architecture& gguf_family(const model::Architecture& architecture) noexcept;

/// Matrices get `type`, or F16 where a row is no multiple of its block; vectors and positions F32. Errors: as model::plan_weights.
Result<std::vector<TensorJob>> plan_tensors(const formats::ModelFile& file, const model::ModelSpec& spec, quant::DType type);

}  // namespace sotto::convert
