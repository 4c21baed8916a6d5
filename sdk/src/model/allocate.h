// Sizes are planned in 64 bits, also where addresses have 32: what is too large for this machine is an error, never a smaller
// number.
#pragma once

#include <algorithm>
#include <cstdint>

#include "buffer.h"

namespace sotto::model {

/// Errors: out_of_memory.
inline Result<Buffer> allocate(uint64_t bytes, std::string_view purpose) {
  return Buffer::allocate(static_cast<size_t>(std::min<uint64_t>(bytes, SIZE_MAX)), purpose);
}

constexpr uint64_t round_up_bytes(uint64_t bytes) noexcept {
  return (bytes + Buffer::kAlignment - 1) / Buffer::kAlignment * Buffer::kAlignment;
}

}  // namespace sotto::model
