// What kernels must know of a number type to pack it for any SIMD target: a Packing struct in quant/NAME.inl.h.
//
// Float types:  kBytes of a number; static Vec<Arch> load<Arch>(const std::byte*): neighbouring numbers as floats.
// Coded types:  weight = scale * (code - kZero) + offset, or scale * kCodebook[code]; with
//   kBlock      columns of one block in the file: 32 or 256; kBlockBytes its bytes
//   kGroup      columns that share scale and offset: 16 or 32
//   kBits       of a code: 2 to 6, or 8 (signed, kZero 0)
//   kHasOffset  whether there is an offset
//   unpack()    one block of the file as codes and scales: blocks of 32: scale = d, offset = m;
//               blocks of 256: scale = d * scale[g], offset = -(m * minimum[g]), g = column / kGroup. Both products are exact.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/vec.h"

namespace sotto::quant {

struct Unpacked {
  uint16_t d, m;  // halves
  int8_t scale[16], minimum[16];
  uint8_t code[256];
};

/// A block of the file, which promises no alignment. Not load_block() of quant/block.h: kernels of different targets share no
/// function.
template <class Block>
static SOTTO_INLINE Block read_block(const std::byte* from) {
  Block block;
  __builtin_memcpy(&block, from, sizeof block);
  return block;
}

}  // namespace sotto::quant
