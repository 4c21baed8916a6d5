// How one head's keys and values lie in the cache, written with the scalar codecs and read as registers.
// Floats: a value is a row of head_dim numbers. Keys are transposed in groups of 16 slots: for each column of the row its 16
// numbers side by side, so that scores of neighbouring keys are lanes of a register and the cache is read as one stream.
// Codes: of a tile of 64 slots, for each block of 32 columns the scales, then rows of pairs of codes, such as dot products of
// 16-bit integers take. Keys: (16, 64 slots), pair p of a slot are columns p and p + 16. Values: (32, 32 columns), pair p of a
// column are slots p and p + 16 of the first half of the tile, then of the second.
#pragma once

#include <cstring>

#include "kernels/kernel_table.h"
#include "quant/f16.h"
#include "quant/q8_0.h"
#include "simd/integers.h"

namespace sotto::kernels {

inline constexpr size_t kKvBlock = quant::q8_0::kBlockSize;  // columns of a row that share a scale
inline constexpr size_t kKvPairs = kKvBlock / 2;
inline constexpr size_t kKeyGroup = simd::kPartialLanes;  // slots

// A format of floats: bytes of a number, and whole registers of them.

template <class Arch>
struct F32Kv {
  using V = simd::Vec<Arch>;
  static constexpr size_t kNumberBytes = sizeof(float);
  static SOTTO_INLINE V load(const std::byte* from) { return V::load(reinterpret_cast<const float*>(from)); }
  static void encode(const float* block, size_t n, std::byte* to) { std::memcpy(to, block, n * sizeof(float)); }
};

template <class Arch>
struct F16Kv {
  using V = simd::Vec<Arch>;
  static constexpr float kLargest = 65504.0f;
  static constexpr size_t kNumberBytes = sizeof(quant::f16::Block);
  static SOTTO_INLINE V load(const std::byte* from) { return V::template load_f16<true>(from); }  // finite: encode() clamps
  static void encode(const float* block, size_t n, std::byte* to) { quant::f16::encode(block, n, to); }
};

struct Q8Kv {
  static constexpr float kLargest = 127.0f * 65504.0f;  // whose scale is a half
  static constexpr size_t kScaleBytes = sizeof(uint16_t), kBlockBytes = sizeof(quant::q8_0::Block);
  static void encode(const float* block, size_t, std::byte* to) { quant::q8_0::encode(block, kKvBlock, to); }
};

template <class Arch>
struct KvStore {
  static void kv_store(KvType type, const float* key, const float* value, size_t head_dim, size_t slot, std::byte* keys,
                       std::byte* values) {
    const size_t row_bytes = kv_row_bytes(type, head_dim);
    std::byte* const key_to = keys + slot / kKeyGroup * kKeyGroup * row_bytes;
    std::byte* const value_to = values + slot * row_bytes;
    switch (type) {
      case KvType::f32:
        return store<F32Kv<Arch>>(key, value, head_dim, slot % kKeyGroup, key_to, value_to);
      case KvType::f16:
        return store<F16Kv<Arch>>(key, value, head_dim, slot % kKeyGroup, key_to, value_to);
      case KvType::q8_0: {
        const size_t tile = slot / kKvTile * kKvTile * row_bytes;
        return store_codes(key, value, head_dim, slot % kKvTile, keys + tile, values + tile);
      }
    }
  }

 private:
  template <class Format>
  static void store(const float* key, const float* value, size_t head_dim, size_t lane, std::byte* keys, std::byte* values) {
    constexpr size_t kNumberBytes = Format::kNumberBytes;
    std::byte bytes[kKvBlock * kNumberBytes];
    for (size_t start = 0; start < head_dim; start += kKvBlock) {
      const size_t n = head_dim - start < kKvBlock ? head_dim - start : kKvBlock;
      encode<Format>(value + start, n, values + start * kNumberBytes);
      encode<Format>(key + start, n, bytes);
      std::byte* const to = keys + (start * kKeyGroup + lane) * kNumberBytes;
      for (size_t i = 0; i < n; ++i) std::memcpy(to + i * kKeyGroup * kNumberBytes, bytes + i * kNumberBytes, kNumberBytes);
    }
  }

  // slot, keys, values: of the tile
  static void store_codes(const float* key, const float* value, size_t head_dim, size_t slot, std::byte* keys, std::byte* values) {
    const size_t value_pair = slot / kKvBlock * kKvPairs + slot % kKvPairs, value_half = slot % kKvBlock / kKvPairs;
    for (size_t start = 0; start < head_dim; start += kKvBlock) {
      const size_t n = head_dim - start < kKvBlock ? head_dim - start : kKvBlock;
      put(key + start, n, slot, keys, [&](size_t i) { return (i % kKvPairs * kKvTile + slot) * 2 + i / kKvPairs; });
      put(value + start, n, slot, values, [&](size_t i) { return (value_pair * kKvBlock + i) * 2 + value_half; });
      keys += kKvTile * Q8Kv::kBlockBytes;
      values += kKvTile * Q8Kv::kBlockBytes;
    }
  }
  // n numbers into a block of the tile, code i to place_of(i).
  template <class Place>
  static SOTTO_INLINE void put(const float* x, size_t n, size_t slot, std::byte* tile, Place place_of) {
    std::byte block[Q8Kv::kBlockBytes];
    encode<Q8Kv>(x, n, block);
    std::memcpy(tile + slot * Q8Kv::kScaleBytes, block, Q8Kv::kScaleBytes);
    for (size_t i = 0; i < kKvBlock; ++i) tile[kKvTile * Q8Kv::kScaleBytes + place_of(i)] = block[Q8Kv::kScaleBytes + i];
  }

  template <class Format>
  static void encode(const float* x, size_t n, std::byte* to) {
    float block[kKvBlock] = {};
    std::memcpy(block, x, n * sizeof(float));
    if constexpr (requires { Format::kLargest; }) {
      constexpr float kLimit = Format::kLargest;
#pragma clang loop unroll(disable)  // size
      for (float& number : block) number = number > kLimit ? kLimit : number < -kLimit ? -kLimit : number;
    }
    Format::encode(block, n, to);
  }
};

// What MultiplyAdd reads, a register at a time.

/// (rows, columns) floats: columns of a group of keys, values, or such rows elsewhere
template <class Arch, class Format>
struct FloatRows {
  using V = simd::Vec<Arch>;

  const std::byte* rows;
  size_t stride;  // bytes

  SOTTO_INLINE V operator()(size_t row, size_t column) const {
    return Format::load(rows + row * stride + column * Format::kNumberBytes);
  }
  /// the same where only n numbers are left of the row
  SOTTO_INLINE V operator()(size_t row, size_t column, size_t n) const {
    if (n >= V::kLanes) return (*this)(row, column);
    std::byte numbers[Format::kNumberBytes * V::kLanes] = {};
    std::memcpy(numbers, rows + row * stride + column * Format::kNumberBytes, n * Format::kNumberBytes);
    return Format::load(numbers);
  }
};

/// (pairs, n_columns) codes
template <class Arch>
struct CodedRows {
  const std::byte* pairs;
  size_t n_columns;

  SOTTO_INLINE auto operator()(size_t pair, size_t column) const {
    return simd::Ints<Arch, true>::load_widened(pairs + (pair * n_columns + column) * 2);
  }
};

}  // namespace sotto::kernels
