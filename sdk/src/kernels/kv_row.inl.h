// Rows of the key/value cache: written with the scalar codecs (a few hundred numbers per token), read as registers of floats.
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
// Scales are found before: there is one for many registers, and not every target makes floats of halves quickly.

template <class Arch>
struct F32Row {
  using V = simd::Vec<Arch>;
  static constexpr size_t kBlock = 0;  // columns of a scale; 0: there are none
  static SOTTO_INLINE V whole(const std::byte* row, size_t column, const float*) {
    return V::load(reinterpret_cast<const float*>(row) + column);
  }
  static SOTTO_INLINE V first(const std::byte* row, size_t column, const float*, size_t n) {
    return simd::load_first<Arch>(reinterpret_cast<const float*>(row) + column, n);
  }
};

// KvStore makes no infinities.
template <class Arch>
struct F16Row {
  using V = simd::Vec<Arch>;
  static constexpr size_t kBlock = 0;
  static SOTTO_INLINE V whole(const std::byte* row, size_t column, const float*) {
    return V::template load_f16<false>(row + 2 * column);
  }
  static SOTTO_INLINE V first(const std::byte* row, size_t column, const float*, size_t n) {
    std::byte halves[2 * V::kLanes] = {};
    std::memcpy(halves, row + 2 * column, 2 * n);
    return V::template load_f16<false>(halves);
  }
};

template <class Arch>
struct Q8Row {
  using V = simd::Vec<Arch>;
  static constexpr size_t kBlock = quant::q8_0::kBlockSize;
  static SOTTO_INLINE float scale(const std::byte* row, size_t block) {
    uint16_t half;
    std::memcpy(&half, row + block * sizeof(quant::q8_0::Block), sizeof half);
    return simd::half_to_float<Arch>(half);
  }
  static SOTTO_INLINE V whole(const std::byte* row, size_t column, const float* scales) {
    const std::byte* codes = row + column / kBlock * sizeof(quant::q8_0::Block) + sizeof(uint16_t) + column % kBlock;
    return V::load_i8(codes) * V::broadcast(scales[column / kBlock]);
  }
  // Rows are padded to whole blocks.
  static SOTTO_INLINE V first(const std::byte* row, size_t column, const float* scales, size_t) {
    return whole(row, column, scales);
  }
};

/// Rows of the cache as they lie: row `column` at rows + offset[column].
template <class Row>
struct CachedRows {
  using V = typename Row::V;

  const std::byte* rows;
  const size_t* offset;
  const float* scales;  // (columns, n_scales)
  size_t n_scales;

  /// Finds the scales of columns [begin, end).
  CachedRows(const std::byte* all, const size_t* where, size_t begin, size_t end, float* scale, size_t scales_per_row)
      : rows(all), offset(where), scales(scale), n_scales(scales_per_row) {
    if constexpr (Row::kBlock != 0) {
      for (size_t column = begin; column < end; ++column)
        for (size_t i = 0; i < n_scales; ++i) scale[column * n_scales + i] = Row::scale(rows + offset[column], i);
    }
  }
  CachedRows from(size_t column) const {
    CachedRows later = *this;
    later.offset += column;
    later.scales += column * n_scales;
    return later;
  }
  SOTTO_INLINE V operator()(size_t column, size_t d) const {
    return Row::whole(rows + offset[column], d, scales + column * n_scales);
  }
  /// the same where only n numbers are left of the row
  SOTTO_INLINE V operator()(size_t column, size_t d, size_t n) const {
    return n >= V::kLanes ? (*this)(column, d) : Row::first(rows + offset[column], d, scales + column * n_scales, n);
  }
};

}  // namespace sotto::kernels
