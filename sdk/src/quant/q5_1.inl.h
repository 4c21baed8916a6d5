// How Q5_1 is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q5_1.h"

namespace sotto::quant::q5_1 {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 32;
  static constexpr int kBits = 5, kZero = 0;
  static constexpr bool kHasOffset = true;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    to.m = block.m;
    unpack_5bit(block, to.code);
  }
};

}  // namespace sotto::quant::q5_1
