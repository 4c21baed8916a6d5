// Attention with an online softmax over tiles of 64 keys. Tiles start at multiples of 64 of the absolute position and keys keep
// their place in them, so a token meets the same numbers in the same order in decode and in any cut of a prompt. Four tiles are a
// span: it is summed apart and merged with those before it, so that spans may also be computed by several threads. Tiles are
// converted to floats once for all rows of a block: query heads of the key/value head, times tokens. Few rows, as in decode, take
// the numbers from the cache into registers: each is used once, and a tile of floats overflows the first-level cache.
#pragma once

#include "kernels/kv_layout.inl.h"
#include "kernels/multiply_add.inl.h"
#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Attention {
  static size_t attention_scratch_floats(size_t n_heads, size_t head_dim) {
    const Shape shape(head_dim);
    return shape.key_floats() + shape.value_floats() + 2 * shape.scale_floats() + rows(n_heads) * shape.floats_per_row();
  }
  static size_t attention_state_floats(size_t head_dim) { return Shape(head_dim).state_stride; }

  static void attention(const AttentionArgs& args) {
    with_format(args.kv_type, [&]<class Format>() { all_blocks<Format>(args); });
  }

  static void attention_span(const AttentionArgs& args, size_t span, float* states) {
    Block block(args, 0, 1);
    block.states = states;
    load_queries(block);
    with_format(args.kv_type, [&]<class Format>() { attend<Format>(block, span); });
  }

  static void attention_merge(float* states, size_t n_spans, size_t n_heads, size_t head_dim, float* out) {
    const Shape shape(head_dim);
    for (size_t head = 0; head < n_heads; ++head) {
      float* const merged = states + head * shape.state_stride;
      for (size_t span = 1; span < n_spans; ++span) merge(shape, merged + span * n_heads * shape.state_stride, merged);
      write(shape, merged, out + head * head_dim);
    }
  }

 private:
  using V = simd::Vec<Arch>;
  static constexpr size_t kTile = kKvTile;
  static constexpr size_t kBlockRows = 64;  // rows that share one conversion of a tile
  static constexpr float kInfinity = __builtin_inff();

  static constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }
  // An odd number of cache lines, so that the rows of a panel do not fall into the same few sets of the cache.
  static constexpr size_t odd_lines(size_t n) { return round_up(n, 16) | 16; }
  static size_t rows(size_t n_heads) { return n_heads > kBlockRows ? n_heads : kBlockRows; }

  static constexpr size_t kKeyStride = odd_lines(kTile);

  template <class Use>
  static void with_format(KvType type, Use use) {
    switch (type) {
      case KvType::f32:
        return use.template operator()<F32Kv<Arch>>();
      case KvType::f16:
        return use.template operator()<F16Kv<Arch>>();
      case KvType::q8_0:
        return use.template operator()<Q8Kv<Arch>>();
    }
  }

  struct Shape {
    size_t head_dim, columns, value_stride, state_stride;

    explicit Shape(size_t dim)
        : head_dim(dim), columns(round_up(dim, 16)), value_stride(odd_lines(dim)), state_stride(odd_lines(columns + 2)) {}
    size_t key_floats() const { return columns * kKeyStride; }
    size_t value_floats() const { return kTile * value_stride; }
    size_t scales_per_row() const { return round_up(head_dim, kKvBlock) / kKvBlock; }
    size_t scale_floats() const { return kTile * scales_per_row(); }
    size_t floats_per_row() const { return columns + kKeyStride + 2 * state_stride; }

    // A state is what a row has seen of some keys: (columns) values weighted by their numerators exp(score - maximum) and summed,
    float* total(float* state) const { return state + columns; }  // of numerators
    float* maximum(float* state) const { return state + columns + 1; }
  };

  // Query tokens that are worked on together, and where their parts of the scratch lie.
  struct Block {
    const AttentionArgs& args;
    Shape shape;
    size_t first_token, n_tokens, n_rows;
    float* keys;          // (head_dim, kKeyStride)
    float* values;        // (kTile, value_stride)
    float* key_scales;    // (scales_per_row, kTile), of cache types that have some
    float* value_scales;  // (kTile, scales_per_row), the same
    float* queries;       // (n_rows, columns), times args.scale
    float* scores;        // (n_rows, kKeyStride), then softmax numerators
    float* states;        // (n_rows, state_stride): of the span at hand
    float* merged;        // (n_rows, state_stride): of the spans before it

    Block(const AttentionArgs& all, size_t token, size_t count)
        : args(all), shape(all.head_dim), first_token(token), n_tokens(count), n_rows(count * all.n_heads) {
      keys = all.scratch;
      values = keys + shape.key_floats();
      key_scales = values + shape.value_floats();
      value_scales = key_scales + shape.scale_floats();
      queries = value_scales + shape.scale_floats();
      scores = queries + n_rows * shape.columns;
      states = scores + n_rows * kKeyStride;
      merged = states + n_rows * shape.state_stride;
    }

    float* state(size_t row) const { return states + row * shape.state_stride; }

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

  template <class Format>
  static void all_blocks(const AttentionArgs& args) {
    const size_t tokens = args.n_heads < kBlockRows ? kBlockRows / args.n_heads : 1;
    for (size_t token = 0; token < args.n_tokens; token += tokens) {
      const Block block(args, token, args.n_tokens - token < tokens ? args.n_tokens - token : tokens);
      load_queries(block);
      const auto merged = [&](size_t row) { return block.merged + row * block.shape.state_stride; };
      for (size_t row = 0; row < block.n_rows; ++row) clear(block.shape, merged(row));
      for (size_t span = block.first_seen(0) / kKvSpan; span <= block.position(block.n_tokens - 1) / kKvSpan; ++span) {
        attend<Format>(block, span);
        for (size_t row = 0; row < block.n_rows; ++row) merge(block.shape, block.state(row), merged(row));
      }
      for (size_t row = 0; row < block.n_rows; ++row) {
        const size_t t = block.first_token + row / args.n_heads, head = row % args.n_heads;
        write(block.shape, merged(row), args.out + t * args.out_stride + head * args.head_dim);
      }
    }
  }

  static void load_queries(const Block& block) {
    const AttentionArgs& args = block.args;
    const V scale = V::broadcast(args.scale);
    for (size_t row = 0; row < block.n_rows; ++row) {
      const size_t token = block.first_token + row / args.n_heads, head = row % args.n_heads;
      const float* query = args.queries + token * args.query_stride + head * args.head_dim;
      map_rows<Arch>(args.head_dim, block.queries + row * block.shape.columns, [&](auto at) { return at(query) * scale; });
    }
  }

  static void clear(const Shape& shape, float* state) {
    map_rows<Arch>(shape.columns, state, [zero = V::broadcast(0.0f)](auto) { return zero; });
    *shape.maximum(state) = -kInfinity;
    *shape.total(state) = 0.0f;
  }

  // The states of keys [span * kKvSpan, (span + 1) * kKvSpan). A row that sees none of them is left with a total of 0.
  template <class Format>
  static void attend(const Block& block, size_t span) {
    for (size_t row = 0; row < block.n_rows; ++row) clear(block.shape, block.state(row));
    const size_t span_begin = span * kKvSpan, span_end = span_begin + kKvSpan;
    const size_t seen_begin = block.first_seen(0), seen_end = block.position(block.n_tokens - 1) + 1;
    const size_t first = seen_begin > span_begin ? seen_begin : span_begin, end = seen_end < span_end ? seen_end : span_end;
    for (size_t tile = first / kTile * kTile; tile < end; tile += kTile)
      one_tile<Format>(block, {tile, tile < first ? first : tile, tile + kTile < end ? tile + kTile : end});
  }

  // merged, of some keys, becomes that of those keys and later ones. Both shrink to the higher maximum.
  static void merge(const Shape& shape, float* later, float* merged) {
    if (*shape.total(later) == 0.0f) return;
    if (*shape.total(merged) == 0.0f) {
      map_rows<Arch>(shape.columns + 2, merged, [&](auto at) { return at(later); });
      return;
    }
    const float a = *shape.maximum(merged), b = *shape.maximum(later), maximum = a > b ? a : b;
    const V keep = simd::exp(V::broadcast(a - maximum)), take = simd::exp(V::broadcast(b - maximum));
    map_rows<Arch>(shape.columns + 1, merged, [&](auto at) { return at(merged) * keep + at(later) * take; });
    *shape.maximum(merged) = maximum;
  }

  // out: (head_dim)
  static void write(const Shape& shape, float* state, float* out) {
    const V factor = V::broadcast(1.0f / *shape.total(state));
    map_rows<Arch>(shape.head_dim, out, [&](auto at) { return at(state) * factor; });
  }

  template <class Format>
  static void one_tile(const Block& block, const Tile& tile) {
    const AttentionArgs& args = block.args;
    // Tokens that see some of it: not those before it, nor those whose window starts after it.
    const size_t first_position = block.position(0);
    const size_t token_begin = tile.start > first_position ? tile.start - first_position : 0;
    size_t token_end = block.n_tokens;
    while (block.first_seen(token_end - 1) >= tile.end) --token_end;

    const size_t row = token_begin * args.n_heads, n_rows = (token_end - token_begin) * args.n_heads;
    const bool few = n_rows <= MultiplyAdd<Arch>::kMostRows && args.head_dim % simd::kPartialLanes == 0;
    const size_t n_scales = block.shape.scales_per_row(), first_column = tile.first_column(), skipped = tile.begin - tile.start;
    const size_t n_columns = tile.end_column() - first_column, n_seen = tile.end - tile.begin;
    const size_t slot = tile.start % args.n_slots, row_bytes = kv_row_bytes(args.kv_type, args.head_dim);
    const auto keys = CachedKeys<Arch, Format>{args.keys + slot * row_bytes, row_bytes, block.key_scales, kTile}.from(first_column);
    const auto values =
        CachedValues<Arch, Format>{args.values + slot * row_bytes, row_bytes, block.value_scales, n_scales}.from(skipped);
    keys.find_scales(args.head_dim, n_columns);
    values.find_scales(args.head_dim, n_seen);

    const Matrices scores{.a = block.queries + row * block.shape.columns,
                          .a_stride = block.shape.columns,
                          .c = block.scores + row * kKeyStride + first_column,
                          .c_stride = kKeyStride,
                          .n_rows = n_rows,
                          .n_cols = n_columns,
                          .n_k = args.head_dim};
    for (size_t i = 0; i < n_rows; ++i)
      map_rows<Arch>(n_columns, scores.c + i * kKeyStride, [zero = V::broadcast(0.0f)](auto) { return zero; });
    const Matrices weighted{.a = block.scores + row * kKeyStride + skipped,
                            .a_stride = kKeyStride,
                            .c = block.state(row),
                            .c_stride = block.shape.state_stride,
                            .n_rows = n_rows,
                            .n_cols = block.shape.columns,
                            .n_k = n_seen};
    const auto attend = [&](const auto& key_columns, const auto& value_rows) {
      MultiplyAdd<Arch>::multiply_add(scores, key_columns);
      for (size_t i = 0; i < n_rows; ++i) softmax(block, tile, row + i);
      MultiplyAdd<Arch>::multiply_add(weighted, value_rows);
    };
    if (few) return attend(keys, values);
    load(block, keys, n_columns, values, n_seen);
    attend(FloatRows<Arch>{block.keys, kKeyStride}, FloatRows<Arch>{block.values, block.shape.value_stride});
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
    float* const state = block.state(row);
    float& maximum_so_far = *block.shape.maximum(state);
    const float maximum = highest > maximum_so_far ? highest : maximum_so_far;
    const V shift = V::broadcast(maximum);
    const float sum = accumulate<Arch>(n_columns, 0.0f, [&](V so_far, auto at) {
                        const V numerator = simd::exp(at(row_scores) - shift);
                        at.store(numerator, scores + first_column);
                        return so_far + numerator;
                      }).sum();
    if (maximum != maximum_so_far) {
      const V factor = simd::exp(V::broadcast(maximum_so_far) - shift);
      map_rows<Arch>(block.shape.columns + 1, state, [&](auto at) { return at(state) * factor; });
      maximum_so_far = maximum;
    }
    *block.shape.total(state) += sum;
  }

  // Keys and values as floats.
  template <class Format>
  static void load(const Block& block, const CachedKeys<Arch, Format>& keys, size_t n_columns,
                   const CachedValues<Arch, Format>& values, size_t n_seen) {
    const size_t head_dim = block.args.head_dim;
    for (size_t d = 0; d < head_dim; ++d)
      for (size_t i = 0; i < n_columns; i += V::kLanes) keys(d, i).store(block.keys + d * kKeyStride + i);
    for (size_t slot = 0; slot < n_seen; ++slot) {
      float* to = block.values + slot * block.shape.value_stride;
      size_t d = 0;
      for (; d < head_dim; d += V::kLanes) values(slot, d, head_dim - d).store(to + d);
      for (; d < block.shape.columns; d += V::kLanes) V::broadcast(0.0f).store(to + d);
    }
  }
};

}  // namespace sotto::kernels
