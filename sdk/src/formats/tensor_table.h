// What the readers and writers of all formats ask of a list of tensors.
#pragma once

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>

#include "formats/byte_reader.h"
#include "formats/model_file.h"

namespace sotto::formats {

/// Bytes of a tensor; nothing when its numbers are no whole number of blocks, or they or their bytes need more than 63 bits.
inline std::optional<uint64_t> checked_tensor_bytes(std::span<const uint64_t> shape, const quant::TypeInfo& type) {
  std::optional<uint64_t> n = 1;
  for (const uint64_t dim : shape) n = n ? checked_mul(*n, dim) : n;
  if (!n || *n > static_cast<uint64_t>(INT64_MAX) || *n % type.block_size != 0) return std::nullopt;
  const auto n_bytes = checked_mul(*n / type.block_size, type.block_bytes);
  return n_bytes && *n_bytes <= static_cast<uint64_t>(INT64_MAX) ? n_bytes : std::nullopt;
}

inline std::string shape_text(std::span<const uint64_t> shape) {
  std::string text;
  for (const uint64_t dim : shape) text += (text.empty() ? "(" : ", ") + std::to_string(dim);
  return text.empty() ? "()" : text + ")";
}

/// Indices of the tensors in the order that `before(a, b)` gives.
template <class Before>
std::vector<uint32_t> sorted(std::span<const TensorEntry> tensors, Before before) {
  std::vector<uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return before(tensors[a], tensors[b]); });
  return order;
}

/// The order in the file; an empty tensor comes before the one that starts where it lies.
inline bool lies_before(const TensorEntry& a, const TensorEntry& b) noexcept {
  return a.offset != b.offset ? a.offset < b.offset : a.n_bytes < b.n_bytes;
}

/// A tensor whose name another one has as well, or nullptr.
inline const TensorEntry* duplicate_name(std::span<const TensorEntry> tensors) {
  const auto order = sorted(tensors, [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; });
  for (size_t i = 1; i < order.size(); ++i)
    if (tensors[order[i]].name == tensors[order[i - 1]].name) return &tensors[order[i]];
  return nullptr;
}

}  // namespace sotto::formats
