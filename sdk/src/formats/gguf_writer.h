// GgufWriter: a GGUF version 3 file, streamed to a sink. The same calls give the same bytes.
// Order: set() and add_tensor(), then write_header(), then the data of all tensors in the order they were added, then finish().
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "formats/model_file.h"

namespace sotto::formats {

/// Takes the next bytes of a file; what it answers ends the writing.
using ByteSink = std::function<Status(std::span<const std::byte>)>;

class GgufWriter {
 public:
  // Keys are written in the order of their first set(); a later set() of the same key replaces its value.
  void set_u32(const std::string& key, uint32_t value);
  void set_i32(const std::string& key, int32_t value);
  void set_f32(const std::string& key, float value);
  void set_bool(const std::string& key, bool value);
  void set_string(const std::string& key, std::string_view value);
  void set_strings(const std::string& key, std::span<const std::string> values);
  void set_i32s(const std::string& key, std::span<const int32_t> values);
  void set_f32s(const std::string& key, std::span<const float> values);
  /// A value that was read: integers as the first of uint32, int32, uint64, int64 that holds them (arrays: int32, uint32, int64),
  /// numbers as float32 where that is exact. Errors: unsupported for Json, which GGUF cannot hold.
  Status set(const std::string& key, const MetaValue& value);

  /// `shape` outermost first. Errors: invalid_argument: name, rank, a row that is no multiple of the block; unsupported: not a GGUF
  /// type.
  Status add_tensor(std::string name, quant::DType type, std::vector<uint64_t> shape);

  Status write_header(const ByteSink& sink);
  /// The next bytes of the tensors' data, in pieces of any size that do not cross the end of a tensor; padding is added.
  Status write_data(const ByteSink& sink, std::span<const std::byte> bytes);
  /// Errors: invalid_argument when data is missing.
  Status finish() const;

  /// Bytes of the whole file, once all keys and tensors are known.
  uint64_t file_bytes() const;

 private:
  void put(const std::string& key, std::string type_and_value);
  std::string header() const;

  std::vector<std::pair<std::string, std::string>> keys_;  // name, encoded type and value
  std::vector<TensorEntry> tensors_;                       // offsets from the start of the data
  size_t current_ = 0;                                     // tensor that write_data continues
  uint64_t written_ = 0;                                   // bytes of it
};

}  // namespace sotto::formats
