// Eight scales and eight minima of 6 bits in 12 bytes, as Q4_K and Q5_K hold them: the first four of each lie whole in bytes
// 0..3 and 4..7; of the last four the low nibbles share bytes 8..11 and the high two bits fill the tops of bytes 0..7.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::quant {

struct PackedScales {
  uint8_t bytes[12];
};
static_assert(sizeof(PackedScales) == 12);

struct GroupScales {
  uint8_t scale[8], minimum[8];
};

inline GroupScales unpack(const PackedScales& packed) noexcept {
  const uint8_t* p = packed.bytes;
  GroupScales group;
  for (size_t g = 0; g < 4; ++g) {
    group.scale[g] = p[g] & 63;
    group.minimum[g] = p[g + 4] & 63;
    group.scale[g + 4] = static_cast<uint8_t>((p[g + 8] & 15) | (p[g] >> 6) << 4);
    group.minimum[g + 4] = static_cast<uint8_t>(p[g + 8] >> 4 | (p[g + 4] >> 6) << 4);
  }
  return group;
}

inline PackedScales pack(const GroupScales& group) noexcept {
  PackedScales packed;
  for (size_t g = 0; g < 4; ++g) {
    packed.bytes[g] = static_cast<uint8_t>(group.scale[g] | (group.scale[g + 4] >> 4) << 6);
    packed.bytes[g + 4] = static_cast<uint8_t>(group.minimum[g] | (group.minimum[g + 4] >> 4) << 6);
    packed.bytes[g + 8] = static_cast<uint8_t>((group.scale[g + 4] & 15) | (group.minimum[g + 4] & 15) << 4);
  }
  return packed;
}

}  // namespace sotto::quant
