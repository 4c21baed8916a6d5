// Fields: typed values of a model's metadata under the words of its format: "llama.block_count" in GGUF, "num_hidden_layers" in
// config.json. Every error names the key, the file, what was got and what was wanted.
#pragma once

#include <string>
#include <string_view>

#include "formats/model_file.h"
#include "model/arch/architecture.h"

namespace sotto::model {

// Far above any model; products of one of each with the size of a number fit 64 bits.
inline constexpr int64_t kMaxVocabulary = int64_t{1} << 24;
inline constexpr int64_t kMaxLayers = int64_t{1} << 14;
inline constexpr int64_t kMaxWidth = int64_t{1} << 20;  // numbers of one row of activations
inline constexpr int64_t kMaxContext = int64_t{1} << 26;

class Fields {
 public:
  Fields(const formats::ModelFile& file, const Architecture& arch) : file_(file), arch_(arch) {}

  const formats::Metadata& meta() const { return file_.metadata; }
  bool gguf() const { return file_.naming == formats::Naming::gguf; }
  std::string key(std::string_view gguf_name, std::string_view hf_name) const {
    return gguf() ? std::string(arch_.gguf_name) + "." + std::string(gguf_name) : std::string(hf_name);
  }
  /// An object with members, too: it is not absent, and a getter says what it is.
  bool has(const std::string& key) const { return !key.empty() && (meta().has(key) || meta().has_members(key)); }
  /// A null, too.
  bool says(const std::string& key) const { return has(key) || meta().values().contains(key); }

  /// `message` goes on the key: "is 5, wanted ...".
  Error wrong(const std::string& key, const std::string& message, ErrorCode code = ErrorCode::bad_model) const {
    return {code, meta().source() + ": " + key + " " + message, key};
  }

  Result<size_t> size(const std::string& key, int64_t max) const {
    SOTTO_ASSIGN(const int64_t value, meta().integer(key, 1, max));
    return static_cast<size_t>(value);
  }
  Result<size_t> size_or(const std::string& key, size_t fallback, int64_t max) const {
    return has(key) ? size(key, max) : Result<size_t>(fallback);
  }
  Result<double> positive(const std::string& key) const { return meta().number(key, kTinyReal, kMaxReal); }
  Result<double> positive_or(const std::string& key, double fallback) const {
    return has(key) ? positive(key) : Result<double>(fallback);
  }
  Result<bool> flag_or(const std::string& key, bool fallback) const {
    return has(key) ? meta().boolean(key) : Result<bool>(fallback);
  }

 private:
  static constexpr double kMaxReal = 1e30;
  static constexpr double kTinyReal = 1e-30;

  const formats::ModelFile& file_;
  const Architecture& arch_;
};

/// The part of read_spec() that is about rotation; spec.rope and sizes are there already. Errors: as read_spec().
Status read_ropes(const Fields& fields, ModelSpec& spec);

}  // namespace sotto::model
