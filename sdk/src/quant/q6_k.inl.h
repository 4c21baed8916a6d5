// How Q6_K is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q6_k.h"

namespace sotto::quant::q6_k {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 16;
  static constexpr int kBits = 6, kZero = 32;
  static constexpr bool kHasOffset = false;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    for (size_t g = 0; g < 16; ++g) to.scale[g] = block.scales[g];
    for (size_t g = 0; g < 8; ++g)
      for (size_t i = 0; i < 32; ++i) {
        const int low = block.ql[64 * (g / 4) + 32 * (g % 2) + i] >> (4 * (g / 2 % 2)) & 15;
        const int high = block.qh[32 * (g / 4) + i] >> (2 * (g % 4)) & 3;
        to.code[32 * g + i] = static_cast<uint8_t>(low | high << 4);
      }
  }
};

}  // namespace sotto::quant::q6_k
