// How Q2_K is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q2_k.h"

namespace sotto::quant::q2_k {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 16;
  static constexpr int kBits = 2, kZero = 0;
  static constexpr bool kHasOffset = true;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    to.m = block.dmin;
    for (size_t g = 0; g < 16; ++g) {
      to.scale[g] = static_cast<int8_t>(block.scales[g] & 15);
      to.minimum[g] = static_cast<int8_t>(block.scales[g] >> 4);
    }
    for (size_t g = 0; g < 8; ++g)
      for (size_t i = 0; i < 32; ++i) to.code[32 * g + i] = static_cast<uint8_t>(block.qs[32 * (g / 4) + i] >> (2 * (g % 4)) & 3);
  }
};

}  // namespace sotto::quant::q2_k
