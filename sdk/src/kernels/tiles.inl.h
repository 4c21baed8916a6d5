// How a matrix product walks: tiles of tokens outside (their activations stay in the first-level cache), groups of rows inside.
// `Product` computes kRows rows for M tokens; what is left of a tile takes smaller instances of the same template.
#pragma once

#include <bit>

#include "kernels/kernel_table.h"
#include "kernels/rows.inl.h"

namespace sotto::kernels {

/// What one call of a product sees: n tokens lie in the tile, M of them from `first` on are computed.
struct TileArgs {
  const std::byte* group;
  const std::byte* low;  // the group of MatmulArgs::low, if there are some
  const std::byte* tile;
  size_t n, first;
  size_t n_cols;
};

template <class Arch, class Product>
struct Tiles {
  using V = simd::Vec<Arch>;
  static constexpr size_t kRows = Product::kRows, kVectors = kRows / V::kLanes, kTile = Product::kTile;

  /// `token_bytes`: of one token of prepared activations; `low_bytes`: of a group of MatmulArgs::low
  static SOTTO_INLINE void run(const MatmulArgs& args, size_t group_bytes, size_t token_bytes, size_t low_bytes = 0) {
    for (size_t token = 0; token < args.n_tokens; token += kTile) {
      const size_t left = args.n_tokens - token, n = left < kTile ? left : kTile;
      for (size_t g = 0; g < args.n_groups; ++g) {
        const TileArgs tile{.group = args.groups + g * group_bytes,
                            .low = low_bytes != 0 ? args.low + g * low_bytes : nullptr,
                            .tile = args.activations + token * token_bytes,
                            .n = n,
                            .first = 0,
                            .n_cols = args.n_cols};
        if (n == kTile)
          compute<kTile, kTile>(args, tile, g, token);
        else if (n == 1)
          compute<1, 1>(args, tile, g, token);
        else
          part_of_tile<std::bit_floor(kTile - 1)>(args, tile, g, token);
      }
    }
  }

 private:
  template <size_t M>
  static SOTTO_INLINE void part_of_tile(const MatmulArgs& args, TileArgs tile, size_t g, size_t token) {
    if constexpr (M > 0) {
      while (tile.n - tile.first >= M) {
        compute<M, 0>(args, tile, g, token + tile.first);
        tile.first += M;
      }
      part_of_tile<M / 2>(args, tile, g, token);
    }
  }

  // N: tokens of the tile where the compiler knows them (then all M = N are computed), which makes addresses constants; 0: it does
  // not.
  template <size_t M, size_t N>
  static __attribute__((noinline)) void compute(const MatmulArgs& args, const TileArgs& tile, size_t g, size_t token) {
    V sums[kVectors][M];
    Product::template sum<M, N>(tile, sums);
    for (size_t v = 0; v < kVectors; ++v) {
      const size_t row = g * kRows + v * V::kLanes;
      if (row >= args.n_rows) return;
      const size_t n = args.n_rows - row;
      for (size_t t = 0; t < M; ++t) {
        float* out = args.out + (token + t) * args.out_stride + row;
        if (n >= V::kLanes) {
          finish(sums[v][t], WholeRegister<Arch>{0}, args, row, out);
        } else {
          finish(sums[v][t], PartialRegister<Arch>{0, n}, args, row, out);
        }
      }
    }
  }

  template <class At>
  static SOTTO_INLINE void finish(V sum, At at, const MatmulArgs& args, size_t row, float* out) {
    if (args.bias != nullptr) sum = sum + at(args.bias + row);
    if (args.accumulate) sum = at(out) + sum;
    at.store(sum, out);
  }
};

}  // namespace sotto::kernels
