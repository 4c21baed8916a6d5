#include <limits>
#include <string>

#include "quant/all.h"
#include "quant/bf16.h"
#include "quant/f16.h"
#include "quant/f32.h"
#include "quant/iq4_nl.h"
#include "quant/q2_k.h"
#include "quant/q3_k.h"
#include "quant/q4_0.h"
#include "quant/q4_1.h"
#include "quant/q4_k.h"
#include "quant/q5_0.h"
#include "quant/q5_1.h"
#include "quant/q5_k.h"
#include "quant/q6_k.h"
#include "quant/q8_0.h"

namespace sotto::quant {
namespace {

constexpr TypeInfo kTypes[] = {
#define SOTTO_COMPUTED(id, gguf, safetensors, block_size, block_bytes, activations) \
  {DType::id, #id, gguf, safetensors, block_size, block_bytes, ActivationFormat::activations, id::decode, id::encode},
#define SOTTO_KNOWN(id, gguf, safetensors, block_size, block_bytes) \
  {DType::id, #id, gguf, safetensors, block_size, block_bytes, ActivationFormat::f32, nullptr, nullptr},
    SOTTO_QUANT_TYPES(SOTTO_COMPUTED, SOTTO_KNOWN)
#undef SOTTO_COMPUTED
#undef SOTTO_KNOWN
};

#define SOTTO_COMPUTED(id, gguf, safetensors, block_size, block_bytes, activations) static_assert(sizeof(id::Block) == block_bytes);
#define SOTTO_KNOWN(...)
SOTTO_QUANT_TYPES(SOTTO_COMPUTED, SOTTO_KNOWN)
#undef SOTTO_COMPUTED
#undef SOTTO_KNOWN

template <class Predicate>
const TypeInfo* find(Predicate matches) noexcept {
  for (const TypeInfo& type : kTypes) {
    if (matches(type)) return &type;
  }
  return nullptr;
}

}  // namespace

const TypeInfo& info(DType type) noexcept {
  return kTypes[static_cast<size_t>(type)];
}

const TypeInfo* find_by_name(std::string_view name) noexcept {
  return find([&](const TypeInfo& type) { return type.name == name; });
}

const TypeInfo* find_by_gguf_id(uint32_t id) noexcept {
  return find([&](const TypeInfo& type) { return type.gguf_id >= 0 && static_cast<uint32_t>(type.gguf_id) == id; });
}

const TypeInfo* find_by_safetensors(std::string_view name) noexcept {
  return find([&](const TypeInfo& type) { return !name.empty() && type.safetensors == name; });
}

std::span<const TypeInfo> all_types() noexcept {
  return kTypes;
}

Result<uint64_t> row_bytes(DType type, uint64_t n_cols) {
  const TypeInfo& t = info(type);
  const uint64_t n_blocks = n_cols / t.block_size;
  if (n_cols % t.block_size != 0) {
    return Error{ErrorCode::unsupported,
                 "a row of " + std::to_string(n_cols) + " weights is no multiple of the block of " + std::to_string(t.block_size),
                 std::string(t.name)};
  }
  if (n_blocks > std::numeric_limits<uint64_t>::max() / t.block_bytes) {
    return Error{ErrorCode::unsupported, "a row of " + std::to_string(n_cols) + " weights exceeds 64-bit sizes",
                 std::string(t.name)};
  }
  return n_blocks * t.block_bytes;
}

}  // namespace sotto::quant
