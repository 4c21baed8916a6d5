// Products with float activations: of F32, F16 and BF16 weights, and of any coded type unpacked first (the engine's own reference).
// A sum of 32 columns is four sums of every fourth column, ((0 + 1) + (2 + 3)); these join in column order. Nothing is fused: the
// same bits on every target, for every tile shape.
#pragma once

#include "kernels/coded_layout.inl.h"
#include "kernels/kernel_table.h"
#include "kernels/tiles.inl.h"

namespace sotto::kernels {

/// Adds 32 columns to the sums of M tokens. `Columns` gives the weights of one column and register of rows.
template <class Arch, size_t kVectors, size_t M>
struct FloatBlock {
  using V = simd::Vec<Arch>;
  static constexpr size_t kParts = 4;
  // Parts whose sums are in registers at the same time.
  static constexpr size_t kTogether = kParts * kVectors * M <= simd::kAccumulators<Arch> ? kParts : 1;

  template <class Columns>
  static SOTTO_INLINE void add(const Columns& weights, const float* x, size_t n, V (&sums)[kVectors][M]) {
    V parts[kParts][kVectors][M];
#pragma clang loop unroll(disable)
    for (size_t p = 0; p < kParts; p += kTogether) add_parts(weights, x, n, p, parts);
    for (size_t v = 0; v < kVectors; ++v)
      for (size_t t = 0; t < M; ++t)
        sums[v][t] = sums[v][t] + ((parts[0][v][t] + parts[1][v][t]) + (parts[2][v][t] + parts[3][v][t]));
  }

 private:
  template <class Columns>
  static SOTTO_INLINE void add_parts(const Columns& weights, const float* x, size_t n, size_t first,
                                     V (&parts)[kParts][kVectors][M]) {
    V sums[kTogether][kVectors][M];
    const auto step = [&](size_t c, auto is_first) __attribute__((always_inline)) {
      unroll<kTogether>([&](auto p) __attribute__((always_inline)) {
        V w[kVectors];  // held, being fewer than the activations
        for (size_t v = 0; v < kVectors; ++v) w[v] = weights(c + p, v);
        for (size_t t = 0; t < M; ++t) {
          const V activation = V::broadcast(x[(c + p) * n + t]);
          for (size_t v = 0; v < kVectors; ++v) {
            const V product = w[v] * activation;
            sums[p][v][t] = is_first ? product : sums[p][v][t] + product;
          }
        }
      });
    };
    step(first, std::true_type{});
    if constexpr (Arch::kRolledSteps || kTogether * kVectors * M >= simd::kAccumulators<Arch>) {
      // Steps with that many sums keep the units busy; unrolled, they are mixed by the compiler until sums no longer fit in
      // registers.
#pragma clang loop unroll(disable)
      for (size_t c = first + kParts; c < kColumnBlock; c += kParts) step(c, std::false_type{});
    } else {
      for (size_t c = first + kParts; c < kColumnBlock; c += kParts) step(c, std::false_type{});
    }
    for (size_t p = 0; p < kTogether; ++p)
      for (size_t v = 0; v < kVectors; ++v)
        for (size_t t = 0; t < M; ++t) parts[first + p][v][t] = sums[p][v][t];
  }
};

/// The same for weights that were unpacked before; one function for all types.
template <class Arch, size_t kVectors, size_t M, size_t kRows>
static __attribute__((noinline)) void add_unpacked(const float (&weights)[kColumnBlock][kRows], const float* x, size_t n,
                                                   simd::Vec<Arch> (&sums)[kVectors][M]) {
  FloatBlock<Arch, kVectors, M>::add(
      [&](size_t column, size_t v)
          __attribute__((always_inline)) { return simd::Vec<Arch>::load(weights[column] + v * simd::Vec<Arch>::kLanes); },
      x, n, sums);
}

/// F32, F16, BF16: (n_cols, kRows).
template <class Arch, class Packing>
struct FloatLayout {
  using V = simd::Vec<Arch>;
  static constexpr size_t kLanes = V::kLanes, kVectors = Arch::kWide.vectors, kRows = kLanes * kVectors;
  static constexpr size_t kBytes = Packing::kBytes;
  static constexpr size_t kColumnBytes = kRows * kBytes;

  static size_t group_bytes(size_t n_cols) { return n_cols * kColumnBytes; }

  static void pack(const std::byte* rows, size_t row_stride, size_t n_rows, size_t n_cols_file, size_t n_cols, std::byte* group) {
    __builtin_memset(group, 0, group_bytes(n_cols));
    for (size_t row = 0; row < n_rows; ++row, rows += row_stride) {
      for (size_t c = 0; c < n_cols_file; ++c) __builtin_memcpy(group + c * kColumnBytes + row * kBytes, rows + c * kBytes, kBytes);
    }
  }

  static void unpack_row(const std::byte* group, size_t row, size_t n_cols, float* out) {
    for (size_t c = 0; c < n_cols; ++c) {
      float lanes[kLanes];
      Packing::template load<Arch>(group + c * kColumnBytes + row / kLanes * kLanes * kBytes).store(lanes);
      out[c] = lanes[row % kLanes];
    }
  }

  template <size_t M>
  static SOTTO_INLINE void add(const std::byte* group, size_t first, const float* x, size_t n, V (&sums)[kVectors][M]) {
    const std::byte* block = group + first * kColumnBytes;
    FloatBlock<Arch, kVectors, M>::add(
        [&](size_t column, size_t v) __attribute__((always_inline)) {
          const size_t at = column * kColumnBytes + v * kLanes * kBytes;
          if constexpr (M > 1) {
            if (at % simd::kLine == 0) simd::read_ahead(block + at + kAhead);
          }
          return Packing::template load<Arch>(block + at);
        },
        x, n, sums);
  }

 private:
  // Several tokens take about as long to multiply as their weights to arrive, and the machine alone does not overlap the two. One
  // token, and any number of tokens of codes, are slower with asking (bench/README.md, Kernels).
  static constexpr size_t kAhead = 8192;  // bytes
};

/// A coded type, 32 columns unpacked at a time.
template <class Arch, class Packing>
struct UnpackedLayout {
  using Layout = CodedLayout<Arch, Packing>;
  using V = typename Layout::V;
  static constexpr size_t kVectors = Layout::kVectors, kRows = Layout::kRows;

  template <size_t M>
  static SOTTO_INLINE void add(const std::byte* group, size_t column, const float* x, size_t n, V (&sums)[kVectors][M]) {
    float weights[Layout::kColumns][kRows];
    unpack(group, column, weights);
    add_unpacked<Arch>(weights, x, n, sums);
  }

 private:
  static __attribute__((noinline)) void unpack(const std::byte* group, size_t column, float (&weights)[Layout::kColumns][kRows]) {
    const std::byte* block = group + column / Packing::kBlock * Layout::kBlockBytes;
    const std::byte* record = block + Layout::kHeadBytes + column % Packing::kBlock / Layout::kColumns * Layout::kRecordBytes;
    for (size_t row = 0; row < kRows; ++row)
      for (size_t c = 0; c < Layout::kColumns; ++c)
        weights[c][row] = static_cast<float>(Layout::weight_of(Layout::code(record, row, c)));
    for (size_t v = 0; v < kVectors; ++v) {
      for (size_t g = 0; g < Layout::kGroups; ++g) {
        const V scale = Layout::scales(block, record, g, v);
        for (size_t c = g * Packing::kGroup; c < (g + 1) * Packing::kGroup; ++c) {
          V value = scale * V::load(weights[c] + v * V::kLanes);
          if constexpr (Packing::kHasOffset) value = value + Layout::offsets(block, record, g, v);
          value.store(weights[c] + v * V::kLanes);
        }
      }
    }
  }
};

template <class Arch, class Layout>
struct FloatProduct {
  using V = simd::Vec<Arch>;
  static constexpr size_t kRows = Layout::kRows, kVectors = Layout::kVectors, kTile = Arch::kWide.tokens;

  template <size_t M, size_t N>
  static SOTTO_INLINE void sum(const TileArgs& args, V (&sums)[kVectors][M]) {
    const size_t n = N != 0 ? N : args.n, first = N != 0 ? 0 : args.first;
    for (auto& row : sums)
      for (V& sum : row) sum = V::broadcast(0.0f);
    const float* x = reinterpret_cast<const float*>(args.tile) + first;
    for (size_t column = 0; column < args.n_cols; column += kColumnBlock, x += kColumnBlock * n)
      Layout::add(args.group, column, x, n, sums);
  }
};

}  // namespace sotto::kernels
