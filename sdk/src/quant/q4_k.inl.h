// How Q4_K is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q4_k.h"
#include "quant/scales_6bit.inl.h"

namespace sotto::quant::q4_k {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 32;
  static constexpr int kBits = 4, kZero = 0;
  static constexpr bool kHasOffset = true;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    to.m = block.dmin;
    unpack_scales(block.scales, to);
    for (size_t g = 0; g < 8; ++g)
      for (size_t i = 0; i < 32; ++i) to.code[32 * g + i] = static_cast<uint8_t>(block.qs[32 * (g / 2) + i] >> (4 * (g % 2)) & 15);
  }
};

}  // namespace sotto::quant::q4_k
