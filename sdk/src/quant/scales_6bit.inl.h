// The 6-bit scales of Q4_K and Q5_K, for kernels.
#pragma once

#include "quant/packing.h"
#include "quant/scales_6bit.h"

namespace sotto::quant {

static SOTTO_INLINE void unpack_scales(const PackedScales& packed, Unpacked& to) {
  const uint8_t* p = packed.bytes;
  for (size_t g = 0; g < 4; ++g) {
    to.scale[g] = static_cast<int8_t>(p[g] & 63);
    to.minimum[g] = static_cast<int8_t>(p[g + 4] & 63);
    to.scale[g + 4] = static_cast<int8_t>((p[g + 8] & 15) | (p[g] >> 6) << 4);
    to.minimum[g + 4] = static_cast<int8_t>(p[g + 8] >> 4 | (p[g + 4] >> 6) << 4);
  }
}

}  // namespace sotto::quant
