// DType: how numbers lie in a file, and TypeInfo: what can be done with each. The list itself is quant/all.h: one row per type.
// A type with a codec is computed; one without is known by name and size only, so that a file that holds it can be
// inspected and refused by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sotto/result.h"

namespace sotto::quant {

enum class DType : uint8_t;  // defined in quant/all.h, one enumerator per row

/// What the integer kernels multiply a weight type with. It never depends on the number of tokens or the target: otherwise a prompt
/// cut differently would give other numbers.
enum class ActivationFormat : uint8_t {
  f32,  // floats as they are: F32, F16, BF16 weights, and every type under `activations: f32`
  i8,   // signed 8 bit, one f32 scale (absmax / 127) per 32 columns; 4-bit to 6-bit weights
  i16,  // signed 16 bit, one f32 scale (absmax / 32512) per 32 columns; 8-bit weights. 32512 = 127*256: splits in two int8 planes
  i8_rest,  // i8 again, of what i8 leaves of each number: a second product with it brings 15 bits in all
};

struct TypeInfo {
  DType type;
  std::string_view name;         // lower case, as on the command line: "q4_k"
  int32_t gguf_id;               // ggml_type number; -1: does not occur in GGUF
  std::string_view safetensors;  // "F32", "BF16", ...; empty: does not occur there
  uint32_t block_size;           // weights per block along a row
  uint32_t block_bytes;
  ActivationFormat activations;
  /// Reference decode, bit for bit the published formula in float32. n_weights is a multiple of block_size.
  void (*decode)(const std::byte* blocks, size_t n_weights, float* out);
  /// Reference encode; nullptr: this build does not write the type.
  void (*encode)(const float* weights, size_t n_weights, std::byte* blocks);

  bool computed() const noexcept { return decode != nullptr; }
};

const TypeInfo& info(DType type) noexcept;
const TypeInfo* find_by_name(std::string_view name) noexcept;  // exact; nullptr: unknown
const TypeInfo* find_by_gguf_id(uint32_t id) noexcept;
const TypeInfo* find_by_safetensors(std::string_view name) noexcept;
std::span<const TypeInfo> all_types() noexcept;  // in DType order

/// Bytes of a row of n_cols weights. Errors: unsupported when n_cols is no multiple of the block.
Result<uint64_t> row_bytes(DType type, uint64_t n_cols);

}  // namespace sotto::quant
