// Attention with an online softmax over tiles of 64 keys. Tiles start at multiples of 64 of the absolute position and keys keep
// their place in them, so a token meets the same numbers in the same order in decode and in any cut of a prompt. Tiles are
// converted to floats once, keys transposed, for all rows of a block: query heads of the key/value head, times tokens. Few rows, as
// in decode, take the numbers from the cache into registers: each is used once, and a tile of floats overflows the first-level
// cache.
#pragma once

#include "kernels/kv_row.inl.h"
#include "kernels/multiply_add.inl.h"
#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Attention {
  static size_t attention_scratch_floats(size_t n_heads, size_t head_dim) {
    const Shape shape(head_dim);
    return shape.key_floats() + shape.value_floats() + 2 * shape.scale_floats() + rows(n_heads) * shape.floats_per_row();
  }

  static void attention(const AttentionArgs& args) {
    switch (args.kv_type) {
      case KvType::f32:
        return all_blocks<F32Row<Arch>>(args);
      case KvType::f16:
        return all_blocks<F16Row<Arch>>(args);
      case KvType::q8_0:
        return all_blocks<Q8Row<Arch>>(args);
    }
  }

 private:
  using V = simd::Vec<Arch>;
  static constexpr size_t kTile = 64;       // keys
  static constexpr size_t kBlockRows = 64;  // rows that share one conversion of a tile
  static constexpr float kInfinity = __builtin_inff();

  static constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }
  // An odd number of cache lines, so that the rows of a panel do not fall into the same few sets of the cache.
  static constexpr size_t odd_lines(size_t n) { return round_up(n, 16) | 16; }
  static size_t rows(size_t n_heads) { return n_heads > kBlockRows ? n_heads : kBlockRows; }

  static constexpr size_t kKeyStride = odd_lines(kTile);

  struct Shape {
    size_t head_dim, columns, value_stride;

    explicit Shape(size_t dim) : head_dim(dim), columns(round_up(dim, 16)), value_stride(odd_lines(dim)) {}
    size_t key_floats() const { return columns * kKeyStride; }
    size_t value_floats() const { return kTile * value_stride; }
    size_t scales_per_row() const { return round_up(head_dim, quant::q8_0::kBlockSize) / quant::q8_0::kBlockSize; }
    size_t scale_floats() const { return kTile * scales_per_row(); }
    size_t floats_per_row() const { return columns + kKeyStride + value_stride + 2; }
  };

  // Query tokens that are worked on together, and where their parts of the scratch lie.
  struct Block {
    const AttentionArgs& args;
    Shape shape;
    size_t first_token, n_tokens, n_rows;
    float* keys;          // (head_dim, kKeyStride): transposed tile
    float* values;        // (kTile, value_stride)
    float* key_scales;    // (kTile, scales_per_row), of cache types that have some
    float* value_scales;  // the same
    float* queries;       // (n_rows, columns), times args.scale
    float* scores;        // (n_rows, kKeyStride), then softmax numerators
    float* sums;          // (n_rows, value_stride): values weighted so far
    float* maximum;       // (n_rows)
    float* total;         // (n_rows): sum of numerators

    Block(const AttentionArgs& all, size_t token, size_t count)
        : args(all), shape(all.head_dim), first_token(token), n_tokens(count), n_rows(count * all.n_heads) {
      keys = all.scratch;
      values = keys + shape.key_floats();
      key_scales = values + shape.value_floats();
      value_scales = key_scales + shape.scale_floats();
      queries = value_scales + shape.scale_floats();
      scores = queries + n_rows * shape.columns;
      sums = scores + n_rows * kKeyStride;
      maximum = sums + n_rows * shape.value_stride;
      total = maximum + n_rows;
    }

    size_t position(size_t token) const { return args.first_position + first_token + token; }
    size_t first_seen(size_t token) const {
      const size_t p = position(token);
      return args.window == 0 || p < args.window ? 0 : p - args.window + 1;
    }
  };

  // Keys of positions [begin, end) of the tile that starts at `start`.
  struct Tile {
    size_t start, begin, end;

    size_t first_column() const { return (begin - start) / simd::kPartialLanes * simd::kPartialLanes; }
    size_t end_column() const { return round_up(end - start, simd::kPartialLanes); }
  };

  template <class Row>
  static void all_blocks(const AttentionArgs& args) {
    const size_t tokens = args.n_heads < kBlockRows ? kBlockRows / args.n_heads : 1;
    for (size_t token = 0; token < args.n_tokens; token += tokens) {
      const Block block(args, token, args.n_tokens - token < tokens ? args.n_tokens - token : tokens);
      start(block);
      const size_t first = block.first_seen(0), end = block.position(block.n_tokens - 1) + 1;
      for (size_t tile = first / kTile * kTile; tile < end; tile += kTile) {
        one_tile<Row>(block, {tile, tile < first ? first : tile, tile + kTile < end ? tile + kTile : end});
      }
      finish(block);
    }
  }

  static void start(const Block& block) {
    const AttentionArgs& args = block.args;
    const V scale = V::broadcast(args.scale), zero = V::broadcast(0.0f);
    for (size_t row = 0; row < block.n_rows; ++row) {
      const size_t token = block.first_token + row / args.n_heads, head = row % args.n_heads;
      const float* query = args.queries + token * args.query_stride + head * args.head_dim;
      map_rows<Arch>(args.head_dim, block.queries + row * block.shape.columns, [&](auto at) { return at(query) * scale; });
      map_rows<Arch>(block.shape.value_stride, block.sums + row * block.shape.value_stride, [&](auto) { return zero; });
      block.maximum[row] = -kInfinity;
      block.total[row] = 0.0f;
    }
  }

  static void finish(const Block& block) {
    const AttentionArgs& args = block.args;
    for (size_t row = 0; row < block.n_rows; ++row) {
      const size_t token = block.first_token + row / args.n_heads, head = row % args.n_heads;
      const float* sums = block.sums + row * block.shape.value_stride;
      const V factor = V::broadcast(1.0f / block.total[row]);
      map_rows<Arch>(args.head_dim, args.out + token * args.out_stride + head * args.head_dim,
                     [&](auto at) { return at(sums) * factor; });
    }
  }

  template <class Row>
  static void one_tile(const Block& block, const Tile& tile) {
    const AttentionArgs& args = block.args;
    // Tokens that see some of it: not those before it, nor those whose window starts after it.
    const size_t first_position = block.position(0);
    const size_t token_begin = tile.start > first_position ? tile.start - first_position : 0;
    size_t token_end = block.n_tokens;
    while (block.first_seen(token_end - 1) >= tile.end) --token_end;

    const size_t row = token_begin * args.n_heads, n_rows = (token_end - token_begin) * args.n_heads;
    const bool few = n_rows <= MultiplyAdd<Arch>::kMostRows && args.head_dim % simd::kPartialLanes == 0;
    size_t offset[kTile];
    find_rows(args, tile, offset);
    const size_t first_column = tile.first_column(), end_column = tile.end_column(), n_scales = block.shape.scales_per_row();
    const CachedRows<Row> keys(args.keys, offset, first_column, end_column, block.key_scales, n_scales);
    const CachedRows<Row> values(args.values, offset, first_column, end_column, block.value_scales, n_scales);
    if (few) {
      few_scores(block, tile, keys, row, n_rows);
    } else {
      load(block, tile, keys, values);
      many_scores(block, tile, row, n_rows);
    }
    for (size_t i = 0; i < n_rows; ++i) softmax(block, tile, row + i);

    const size_t skipped = tile.begin - tile.start;
    const Matrices weighted{.a = block.scores + row * kKeyStride + skipped,
                            .a_stride = kKeyStride,
                            .c = block.sums + row * block.shape.value_stride,
                            .c_stride = block.shape.value_stride,
                            .n_rows = n_rows,
                            .n_cols = block.shape.columns,
                            .n_k = tile.end - tile.begin};
    if (few) {
      MultiplyAdd<Arch>::multiply_add(weighted, values.from(skipped));
    } else {
      const size_t stride = block.shape.value_stride;
      MultiplyAdd<Arch>::multiply_add(weighted, FloatRows<Arch>{block.values + skipped * stride, stride});
    }
  }

  static void many_scores(const Block& block, const Tile& tile, size_t row, size_t n_rows) {
    const size_t first_column = tile.first_column(), n_columns = tile.end_column() - first_column;
    float* scores = block.scores + row * kKeyStride + first_column;
    const V zero = V::broadcast(0.0f);
    for (size_t i = 0; i < n_rows; ++i) map_rows<Arch>(n_columns, scores + i * kKeyStride, [&](auto) { return zero; });
    MultiplyAdd<Arch>::multiply_add({.a = block.queries + row * block.shape.columns,
                                     .a_stride = block.shape.columns,
                                     .c = scores,
                                     .c_stride = kKeyStride,
                                     .n_rows = n_rows,
                                     .n_cols = n_columns,
                                     .n_k = block.args.head_dim},
                                    FloatRows<Arch>{block.keys + first_column, kKeyStride});
  }

  template <class Row, size_t kRows = MultiplyAdd<Arch>::kMostRows>
  static void few_scores(const Block& block, const Tile& tile, const CachedRows<Row>& keys, size_t row, size_t n_rows) {
    if constexpr (kRows > 1) {
      if (n_rows < kRows) return few_scores<Row, kRows - 1>(block, tile, keys, row, n_rows);
    }
    constexpr size_t kSquares = V::kLanes < simd::kPartialLanes ? 2 : 1;  // more sums at a time than one that wait for each other
    const float* queries = block.queries + row * block.shape.columns;
    for (size_t column = tile.first_column(); column < tile.end_column(); column += kSquares * V::kLanes) {
      V sums[kRows][kSquares];
      for (auto& all : sums)
        for (V& sum : all) sum = V::broadcast(0.0f);
      for (size_t d = 0; d < block.args.head_dim; d += V::kLanes) {
        for (size_t s = 0; s < kSquares; ++s) {
          V square[V::kLanes];
          for (size_t i = 0; i < V::kLanes; ++i) square[i] = keys(column + s * V::kLanes + i, d);
          V::transpose(square);
          for (size_t i = 0; i < V::kLanes; ++i) {
            for (size_t r = 0; r < kRows; ++r)
              sums[r][s] = sums[r][s] + V::broadcast(queries[r * block.shape.columns + d + i]) * square[i];
          }
        }
      }
      for (size_t r = 0; r < kRows; ++r)
        for (size_t s = 0; s < kSquares; ++s) sums[r][s].store(block.scores + (row + r) * kKeyStride + column + s * V::kLanes);
    }
  }

  // Scores of one row become numerators exp(score - maximum so far); what was summed before shrinks to the new maximum.
  static void softmax(const Block& block, const Tile& tile, size_t row) {
    float* scores = block.scores + row * kKeyStride;
    const size_t first_column = tile.first_column(), n_columns = tile.end_column() - first_column;
    const size_t token = row / block.args.n_heads;
    const size_t seen = block.first_seen(token), position = block.position(token);
    const size_t seen_begin = seen > tile.begin ? seen : tile.begin, seen_end = position < tile.end ? position + 1 : tile.end;
    if (block.args.soft_cap != 0.0f) {
      const V cap = V::broadcast(block.args.soft_cap);
      map_rows<Arch>(n_columns, scores + first_column,
                     [&, x = scores + first_column](auto at) { return cap * simd::tanh(at(x) / cap); });
    }
    for (size_t i = first_column; i < seen_begin - tile.start; ++i) scores[i] = -kInfinity;
    for (size_t i = seen_end - tile.start; i < first_column + n_columns; ++i) scores[i] = -kInfinity;

    const float* row_scores = scores + first_column;
    const float highest =
        accumulate<Arch>(n_columns, -kInfinity, [&](V largest, auto at) { return simd::larger(at(row_scores), largest); }).max();
    const float maximum = highest > block.maximum[row] ? highest : block.maximum[row];
    const V shift = V::broadcast(maximum);
    const float sum = accumulate<Arch>(n_columns, 0.0f, [&](V so_far, auto at) {
                        const V numerator = simd::exp(at(row_scores) - shift);
                        at.store(numerator, scores + first_column);
                        return so_far + numerator;
                      }).sum();
    if (maximum != block.maximum[row]) {
      float factor[V::kLanes];
      simd::exp(V::broadcast(block.maximum[row]) - shift).store(factor);
      float* sums = block.sums + row * block.shape.value_stride;
      map_rows<Arch>(block.shape.columns, sums, [&, all = V::broadcast(factor[0])](auto at) { return at(sums) * all; });
      block.total[row] = block.total[row] * factor[0];
      block.maximum[row] = maximum;
    }
    block.total[row] = block.total[row] + sum;
  }

  // Where the cache rows of the tile's columns lie. Columns beside [begin, end) repeat a neighbour and are masked later.
  static void find_rows(const AttentionArgs& args, const Tile& tile, size_t (&offset)[kTile]) {
    size_t slot = tile.begin % args.n_slots;
    for (size_t column = tile.first_column(); column < tile.end_column(); ++column) {
      offset[column] = slot * args.row_stride_bytes;
      const size_t p = tile.start + column;
      if (p >= tile.begin && p + 1 < tile.end) slot = slot + 1 == args.n_slots ? 0 : slot + 1;
    }
  }

  // Keys and values of the tile as floats.
  template <class Row>
  static void load(const Block& block, const Tile& tile, const CachedRows<Row>& keys, const CachedRows<Row>& values) {
    const size_t head_dim = block.args.head_dim;
    for (size_t column = tile.first_column(); column < tile.end_column(); column += V::kLanes) {
      for (size_t d = 0; d < head_dim; d += V::kLanes) {
        V square[V::kLanes];
        for (size_t i = 0; i < V::kLanes; ++i) square[i] = keys(column + i, d, head_dim - d);
        V::transpose(square);
        for (size_t i = 0; i < V::kLanes; ++i) square[i].store(block.keys + (d + i) * kKeyStride + column);
      }
    }
    for (size_t column = tile.begin - tile.start; column < tile.end - tile.start; ++column) {
      float* to = block.values + column * block.shape.value_stride;
      size_t d = 0;
      for (; d < head_dim; d += V::kLanes) values(column, d, head_dim - d).store(to + d);
      for (; d < block.shape.columns; d += V::kLanes) V::broadcast(0.0f).store(to + d);
    }
  }
};

}  // namespace sotto::kernels
