// How one head's keys and values lie in the cache, written with the scalar codecs and read as registers of floats. A value is a row
// of head_dim numbers. Keys are transposed in groups of 16 slots: for each column of the row its 16 numbers side by side, so that
// scores of neighbouring keys are lanes of a register and the cache is read as one stream.
#pragma once

#include <cstring>

#include "kernels/kernel_table.h"
#include "quant/f16.h"
#include "quant/q8_0.h"
#include "simd/vec.h"

namespace sotto::kernels {

inline constexpr size_t kKvBlock = quant::q8_0::kBlockSize;  // columns of a row that share a scale, where the format has some
inline constexpr size_t kKeyGroup = simd::kPartialLanes;     // slots

// A format: bytes of the scale in front of a block, bytes of a number, and whole registers of numbers as floats.

template <class Arch>
struct F32Kv {
  using V = simd::Vec<Arch>;
  static constexpr size_t kScaleBytes = 0, kNumberBytes = sizeof(float);
  static SOTTO_INLINE V load(const std::byte* from) { return V::load(reinterpret_cast<const float*>(from)); }
  static void encode(const float* block, size_t n, std::byte* to) { std::memcpy(to, block, n * sizeof(float)); }
};

template <class Arch>
struct F16Kv {
  using V = simd::Vec<Arch>;
  static constexpr float kLargest = 65504.0f;
  static constexpr size_t kScaleBytes = 0, kNumberBytes = sizeof(quant::f16::Block);
  static SOTTO_INLINE V load(const std::byte* from) { return V::template load_f16<false>(from); }  // no infinities: encode() clamps
  static void encode(const float* block, size_t n, std::byte* to) { quant::f16::encode(block, n, to); }
};

template <class Arch>
struct Q8Kv {
  using V = simd::Vec<Arch>;
  static constexpr float kLargest = 127.0f * F16Kv<Arch>::kLargest;  // whose scale is a half
  static constexpr size_t kScaleBytes = sizeof(uint16_t), kNumberBytes = 1;
  static SOTTO_INLINE V load(const std::byte* from) { return V::load_i8(from); }
  static void encode(const float* block, size_t, std::byte* to) { quant::q8_0::encode(block, kKvBlock, to); }
};

/// Bytes from the start of a row to its number `column`; a group of keys has its 16 numbers at 16 times that.
template <class Format>
SOTTO_INLINE size_t kv_offset(size_t column) {
  if constexpr (Format::kScaleBytes == 0) return column * Format::kNumberBytes;
  constexpr size_t kBlockBytes = Format::kScaleBytes + kKvBlock * Format::kNumberBytes;
  return column / kKvBlock * kBlockBytes + Format::kScaleBytes + column % kKvBlock * Format::kNumberBytes;
}

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
      case KvType::q8_0:
        return store<Q8Kv<Arch>>(key, value, head_dim, slot % kKeyGroup, key_to, value_to);
    }
  }

 private:
  template <class Format>
  static void store(const float* key, const float* value, size_t head_dim, size_t lane, std::byte* keys, std::byte* values) {
    constexpr size_t kScaleBytes = Format::kScaleBytes, kNumberBytes = Format::kNumberBytes;
    std::byte bytes[kScaleBytes + kKvBlock * kNumberBytes];
    for (size_t start = 0; start < head_dim; start += kKvBlock) {
      const size_t n = head_dim - start < kKvBlock ? head_dim - start : kKvBlock;
      const size_t at = kv_offset<Format>(start) - kScaleBytes, n_stored = kScaleBytes == 0 ? n : kKvBlock;
      encode<Format>(value + start, n, bytes);
      std::memcpy(values + at, bytes, kScaleBytes + n_stored * kNumberBytes);
      encode<Format>(key + start, n, bytes);
      std::byte* to = keys + at * kKeyGroup;
      std::memcpy(to + lane * kScaleBytes, bytes, kScaleBytes);
      to += kKeyGroup * kScaleBytes + lane * kNumberBytes;
      for (size_t i = 0; i < n_stored; ++i)
        std::memcpy(to + i * kKeyGroup * kNumberBytes, bytes + kScaleBytes + i * kNumberBytes, kNumberBytes);
    }
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

// The slots of a tile as MultiplyAdd reads them. Scales become floats before: there is one for many registers, and not every target
// makes floats of halves quickly.

/// (head_dim, slots)
template <class Arch, class Format>
struct CachedKeys {
  using V = simd::Vec<Arch>;

  const std::byte* groups;
  size_t row_bytes;
  float* scales;  // (blocks of a row, scale_stride)
  size_t scale_stride;

  /// The tile from `slot` on, a multiple of kKeyGroup.
  CachedKeys from(size_t slot) const { return {groups + slot * row_bytes, row_bytes, scales + slot, scale_stride}; }
  void find_scales(size_t head_dim, size_t n_slots) const {
    if constexpr (Format::kScaleBytes != 0) {
      for (size_t d = 0; d < head_dim; d += kKvBlock)
        for (size_t slot = 0; slot < n_slots; slot += V::kLanes)
          V::template load_f16<false>(at<Format::kScaleBytes>(kv_offset<Format>(d) - Format::kScaleBytes, slot))
              .store(scales + d / kKvBlock * scale_stride + slot);
    }
  }
  SOTTO_INLINE V operator()(size_t d, size_t slot) const {
    const V number = Format::load(at<Format::kNumberBytes>(kv_offset<Format>(d), slot));
    if constexpr (Format::kScaleBytes == 0) return number;
    return number * V::load(scales + d / kKvBlock * scale_stride + slot);
  }

 private:
  template <size_t bytes>
  SOTTO_INLINE const std::byte* at(size_t offset, size_t slot) const {
    return groups + (slot / kKeyGroup * row_bytes + offset) * kKeyGroup + slot % kKeyGroup * bytes;
  }
};

/// (slots, head_dim)
template <class Arch, class Format>
struct CachedValues {
  using V = simd::Vec<Arch>;

  const std::byte* rows;
  size_t row_bytes;
  float* scales;  // (slots, scale_stride)
  size_t scale_stride;

  /// The tile from `slot` on.
  CachedValues from(size_t slot) const { return {rows + slot * row_bytes, row_bytes, scales + slot * scale_stride, scale_stride}; }
  void find_scales(size_t head_dim, size_t n_slots) const {
    if constexpr (Format::kScaleBytes != 0) {
      for (size_t slot = 0; slot < n_slots; ++slot)
        for (size_t d = 0; d < head_dim; d += kKvBlock) {
          uint16_t half;
          std::memcpy(&half, rows + slot * row_bytes + kv_offset<Format>(d) - Format::kScaleBytes, sizeof half);
          scales[slot * scale_stride + d / kKvBlock] = simd::half_to_float<Arch>(half);
        }
    }
  }
  SOTTO_INLINE V operator()(size_t slot, size_t d) const {
    const V number = Format::load(rows + slot * row_bytes + kv_offset<Format>(d));
    if constexpr (Format::kScaleBytes == 0) return number;
    return number * V::broadcast(scales[slot * scale_stride + d / kKvBlock]);
  }
  /// the same where only n numbers are left of the row
  SOTTO_INLINE V operator()(size_t slot, size_t d, size_t n) const {
    if (n >= V::kLanes || Format::kScaleBytes != 0) return (*this)(slot, d);  // blocks are whole
    std::byte numbers[Format::kNumberBytes * V::kLanes] = {};
    std::memcpy(numbers, rows + slot * row_bytes + kv_offset<Format>(d), n * Format::kNumberBytes);
    return Format::load(numbers);
  }
};

}  // namespace sotto::kernels
