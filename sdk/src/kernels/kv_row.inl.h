// One row of the key/value cache: written with the scalar codecs (a few hundred numbers per token), read as registers of floats.
#pragma once

#include <cstring>

#include "kernels/kernel_table.h"
#include "quant/f16.h"
#include "quant/q8_0.h"
#include "simd/vec.h"

namespace sotto::kernels {

template <class Arch>
struct KvStore {
  static constexpr float kLargestHalf = 65504.0f;

  static void kv_store(KvType type, const float* x, size_t head_dim, std::byte* out) {
    if (type == KvType::f32) {
      std::memcpy(out, x, head_dim * sizeof(float));
      return;
    }
    constexpr size_t kBlock = quant::q8_0::kBlockSize;
    const float limit = type == KvType::q8_0 ? 127.0f * kLargestHalf : kLargestHalf;  // of a block whose scale is a half
    for (size_t start = 0; start < head_dim; start += kBlock) {
      const size_t n = head_dim - start < kBlock ? head_dim - start : kBlock;
      float block[kBlock] = {};
      std::memcpy(block, x + start, n * sizeof(float));
      for (float& value : block) value = value > limit ? limit : value < -limit ? -limit : value;
      if (type == KvType::q8_0) {
        quant::q8_0::encode(block, kBlock, out + start / kBlock * sizeof(quant::q8_0::Block));
      } else {
        quant::f16::encode(block, n, out + start * sizeof(quant::f16::Block));
      }
    }
  }
};

// The registers of a cache row by column, a multiple of the lanes. `first` reads only the n numbers that are left of the row.

template <class Arch>
struct F32Row {
  using V = simd::Vec<Arch>;
  static SOTTO_INLINE V whole(const std::byte* row, size_t column) { return V::load(reinterpret_cast<const float*>(row) + column); }
  static SOTTO_INLINE V first(const std::byte* row, size_t column, size_t n) {
    return simd::load_first<Arch>(reinterpret_cast<const float*>(row) + column, n);
  }
};

template <class Arch>
struct F16Row {
  using V = simd::Vec<Arch>;
  static SOTTO_INLINE V whole(const std::byte* row, size_t column) { return V::load_f16(row + 2 * column); }
  static SOTTO_INLINE V first(const std::byte* row, size_t column, size_t n) {
    std::byte halves[2 * V::kLanes] = {};
    std::memcpy(halves, row + 2 * column, 2 * n);
    return V::load_f16(halves);
  }
};

template <class Arch>
struct Q8Row {
  using V = simd::Vec<Arch>;
  static SOTTO_INLINE V whole(const std::byte* row, size_t column) {
    const std::byte* block = row + column / quant::q8_0::kBlockSize * sizeof(quant::q8_0::Block);
    uint16_t scale;
    std::memcpy(&scale, block, sizeof scale);
    const std::byte* codes = block + sizeof scale + column % quant::q8_0::kBlockSize;
    return V::load_i8(codes) * V::broadcast(simd::half_to_float<Arch>(scale));
  }
  // Rows are padded to whole blocks.
  static SOTTO_INLINE V first(const std::byte* row, size_t column, size_t) { return whole(row, column); }
};

}  // namespace sotto::kernels
