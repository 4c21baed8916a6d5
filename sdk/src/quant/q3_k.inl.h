// How Q3_K is packed for kernels: see quant/packing.h.
#pragma once

#include "quant/packing.h"
#include "quant/q3_k.h"

namespace sotto::quant::q3_k {

struct Packing {
  static constexpr size_t kBlock = kBlockSize, kBlockBytes = sizeof(Block), kGroup = 16;
  static constexpr int kBits = 3, kZero = 4;
  static constexpr bool kHasOffset = false;

  static SOTTO_INLINE void unpack(const std::byte* from, Unpacked& to) {
    const Block block = read_block<Block>(from);
    to.d = block.d;
    for (size_t g = 0; g < 16; ++g) {
      const int low = block.scales[g % 8] >> (4 * (g / 8)) & 15, high = block.scales[8 + g % 4] >> (2 * (g / 4)) & 3;
      to.scale[g] = static_cast<int8_t>((low | high << 4) - 32);
    }
    for (size_t g = 0; g < 8; ++g)
      for (size_t i = 0; i < 32; ++i) {
        const int low = block.qs[32 * (g / 4) + i] >> (2 * (g % 4)) & 3, high = block.hmask[i] >> g & 1;
        to.code[32 * g + i] = static_cast<uint8_t>(low | high << 2);
      }
  }
};

}  // namespace sotto::quant::q3_k
