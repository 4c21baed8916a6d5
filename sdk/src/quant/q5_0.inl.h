// How Q5_0 is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q5_0.h"

namespace sotto::quant::q5_0 {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 32;
  static constexpr int kBits = 5, kZero = 16;
  static constexpr bool kHasOffset = false;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    unpack_5bit(block, to.code);
  }
};

}  // namespace sotto::quant::q5_0
