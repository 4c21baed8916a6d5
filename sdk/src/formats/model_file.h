// ModelFile: what every format's reader produces: metadata, a table of tensors that all lie inside their sources, and the sources.
// Nothing is loaded yet. Readers are pure functions of hostile bytes; see formats/registry.h for the list.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/json.h"
#include "quant/all.h"
#include "sotto/byte_source.h"
#include "sotto/result.h"

namespace sotto::formats {

/// One metadata value. GGUF arrays of numbers become vector<int64_t> / vector<double>, u64 above INT64_MAX stays uint64_t.
using MetaValue = std::variant<bool, int64_t, uint64_t, double, std::string, std::vector<bool>, std::vector<int64_t>,
                               std::vector<double>, std::vector<std::string>, Json>;

std::string_view kind_of(const MetaValue& value) noexcept;  // "string", "integer", "array of integers", ...

/// Keys as the file has them: "llama.block_count" in GGUF; "hidden_size", "rope_parameters.factor" (dots for nested objects) from
/// config.json. Typed getters say key, file, got and wanted when they fail. A JSON null counts as absent.
class Metadata {
 public:
  Metadata() = default;
  explicit Metadata(std::string source) : source_(std::move(source)) {}

  const std::string& source() const noexcept { return source_; }  // file name for messages
  void set(std::string key, MetaValue value) { values_[std::move(key)] = std::move(value); }
  const MetaValue* find(std::string_view key) const noexcept;
  bool has(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// Whether the value is an object that is not empty: its members are keys of their own.
  bool has_members(std::string_view key) const;
  const std::map<std::string, MetaValue, std::less<>>& values() const noexcept { return values_; }

  // Required fields: missing, wrong type or out of [min, max] is bad_model with where = key.
  Result<int64_t> integer(std::string_view key, int64_t min, int64_t max) const;
  Result<double> number(std::string_view key, double min, double max) const;  // accepts integers; never NaN
  Result<bool> boolean(std::string_view key) const;
  Result<std::string> string(std::string_view key) const;
  // Spans are of what is held here: a vocabulary is long.
  Result<std::span<const std::string>> strings(std::string_view key) const;
  Result<std::span<const int64_t>> integers(std::string_view key) const;
  Result<std::span<const double>> numbers(std::string_view key) const;

 private:
  std::string source_;
  std::map<std::string, MetaValue, std::less<>> values_;
};

struct TensorEntry {
  std::string name;
  quant::DType type{};
  std::vector<uint64_t> shape;  // outermost first: (rows, columns); GGUF's order reversed
  uint64_t offset = 0;          // bytes from the start of its source
  uint64_t n_bytes = 0;
  uint32_t source = 0;  // index into ModelFile::sources
};

/// Which names a file uses for its fields and tensors.
enum class Naming : uint8_t { gguf, hugging_face };

struct ModelFile {
  std::string format;  // "gguf", "safetensors"
  Naming naming = Naming::gguf;
  Metadata metadata;
  std::vector<TensorEntry> tensors;
  std::vector<std::shared_ptr<const ByteSource>> sources;

  // Only from a Hugging Face folder; empty where the file is absent. Text as it lies in the file, parsed by who needs it.
  struct HuggingFaceTexts {
    std::string tokenizer_json;
    std::string tokenizer_config_json;
    std::string special_tokens_map_json;
    std::string chat_template;  // chat_template.jinja
    std::string generation_config_json;
  } hugging_face;

  const TensorEntry* find(std::string_view tensor) const noexcept;
  uint64_t tensor_bytes() const noexcept;

  /// Drops all but tensors and sources: metadata and texts, of which a large vocabulary's take tens of MB.
  void let_go_of_texts() noexcept;
};

/// The bytes of one tensor: a view into a mapped source, or read into `scratch` (resized).
Result<std::span<const std::byte>> tensor_bytes(const ModelFile& file, const TensorEntry& tensor, std::vector<std::byte>& scratch);

}  // namespace sotto::formats
