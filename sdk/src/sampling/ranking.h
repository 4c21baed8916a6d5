// The k largest of many logits, in one pass that reads most of them only through the max kernel. O(n + k log k) for every input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kernel_table.h"

namespace sotto::sampling {

struct Ranked {
  float logit;
  uint32_t index;
};

inline constexpr size_t kRankingBlock = 256;

/// Entries that rank_best needs to work with.
constexpr size_t ranking_room(size_t k) {
  return 2 * k + kRankingBlock;
}

/// Largest first, lowest index first among equals. -infinity and NaN are left out. The answer lies at the start of `room`.
std::span<Ranked> rank_best(const kernels::KernelTable& kernels, std::span<const float> logits, size_t k, std::span<Ranked> room);

}  // namespace sotto::sampling
