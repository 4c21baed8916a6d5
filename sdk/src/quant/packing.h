// What kernels must know of a number type to pack it for any SIMD target: a Packing struct in quant/NAME.inl.h.
//
// Float types:  kBytes of a number; static Vec<Arch> load<Arch>(const std::byte*): neighbouring numbers as floats.
// Coded types:  weight = scale * (code - kZero) + offset, or scale * kCodebook[code]; with
//   kBlock      columns of one block in the file: 32 or 256; kBlockBytes its bytes
//   kGroup      columns that share scale and offset: 16 or 32
//   kBits       of a code: 2 to 6, or 8 (signed, kZero 0)
//   kHasOffset  whether there is an offset
//   kHalfStep   where present: scale * (code - kZero + 1/2); kNoScale: codes alone (kernels/split_codes.inl.h)
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

/// Byte i is bit i. A call of its own: its constants take ten bytes each in WebAssembly, wherever they stand.
static inline __attribute__((noinline)) uint64_t bytes_of_bits(uint8_t bits) {
  const uint64_t one_bit_each = bits * 0x0101010101010101u & 0x8040201008040201u;
  return (one_bit_each + 0x7f7f7f7f7f7f7f7fu) >> 7 & 0x0101010101010101u;  // a byte that is not 0 carries into its highest bit
}

/// Codes of Q5_0 and Q5_1, eight at a time.
template <class Block>
static SOTTO_INLINE void unpack_5bit(const Block& block, uint8_t* code) {
  for (size_t i = 0; i < 32; i += 8) {
    uint64_t nibbles;
    __builtin_memcpy(&nibbles, block.qs + i % 16, sizeof nibbles);
    const uint64_t low = nibbles >> i / 16 * 4 & 0x0f0f0f0f0f0f0f0fu;
    const uint64_t codes = low | bytes_of_bits(static_cast<uint8_t>(block.qh >> i)) << 4;
    __builtin_memcpy(code + i, &codes, sizeof codes);
  }
}

}  // namespace sotto::quant
