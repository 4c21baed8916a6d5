// Attention with an online softmax over tiles of 64 keys. Tiles start at multiples of 64 of the absolute position and keys keep
// their place in them, so a token meets the same numbers in the same order in decode and in any cut of a prompt. Four tiles are a
// span: it is summed apart and merged with those before it, so that spans may also be computed by several threads. Tiles are
// converted to floats once for all rows of a block: query heads of the key/value head, times tokens. Few rows, as in decode, take
// the numbers from the cache into registers: each is used once, and a tile of floats overflows the first-level cache.
// A cache of 8-bit codes is not made floats: queries and numerators are rounded to 16 bits, each row to its largest, and sums of
// the products of a block are exact integers. Of those a register holds twice as many, and the error is lost beside that of the
// codes.
#pragma once

#include "kernels/attention_block.inl.h"
#include "kernels/multiply_add.inl.h"

namespace sotto::kernels {

template <class Arch>
struct Attention {
  static size_t attention_scratch_floats(size_t n_heads, size_t head_dim) {
    const Shape shape(head_dim);
    return shape.key_floats() + shape.value_floats() + kTile + shape.scale_floats() + shape.n_blocks() +
           (n_heads > kBlockRows ? n_heads : kBlockRows) * shape.floats_per_row();
  }
  static size_t attention_state_floats(size_t head_dim) { return Shape(head_dim).state_stride; }

  static void attention(const AttentionArgs& args) {
    const size_t tokens = args.n_heads < kBlockRows ? kBlockRows / args.n_heads : 1;
    for (size_t token = 0; token < args.n_tokens; token += tokens) {
      const Block block(args, token, args.n_tokens - token < tokens ? args.n_tokens - token : tokens);
      load_queries(block);
      const auto merged = [&](size_t row) { return block.merged + row * block.shape.state_stride; };
      for (size_t row = 0; row < block.n_rows; ++row) block.shape.clear(merged(row));
      for (size_t span = block.first_seen(0) / kKvSpan; span <= block.position(block.n_tokens - 1) / kKvSpan; ++span) {
        attend(block, span);
        for (size_t row = 0; row < block.n_rows; ++row) block.shape.merge(block.state(row), merged(row));
      }
      for (size_t row = 0; row < block.n_rows; ++row) {
        const size_t t = block.first_token + row / args.n_heads, head = row % args.n_heads;
        block.shape.write(merged(row), args.out + t * args.out_stride + head * args.head_dim);
      }
    }
  }

  static void attention_span(const AttentionArgs& args, size_t span, float* states) {
    Block block(args, 0, 1);
    block.states = states;
    load_queries(block);
    attend(block, span);
  }

  static void attention_merge(float* states, size_t n_spans, size_t n_heads, size_t head_dim, float* out) {
    const Shape shape(head_dim);
    for (size_t head = 0; head < n_heads; ++head) {
      float* const merged = states + head * shape.state_stride;
      for (size_t span = 1; span < n_spans; ++span) shape.merge(merged + span * n_heads * shape.state_stride, merged);
      shape.write(merged, out + head * head_dim);
    }
  }

 private:
  using V = simd::Vec<Arch>;
  using Block = AttentionBlock<Arch>;
  using Shape = typename Block::Shape;
  using Tile = typename Block::Tile;
  using Multiply = MultiplyAdd<Arch>;
  // Columns that are multiplied by one call: a group of keys; of codes at least two registers, so that few rows don't wait for
  // their own sums, where floats wait for their conversion.
  static constexpr size_t kPiece = kKeyGroup, kCodedPiece = 2 * V::kLanes > kPiece ? 2 * V::kLanes : kPiece;
  static constexpr size_t kBlockRows = 64;  // rows that share one conversion of a tile
  static constexpr size_t kTile = Block::kTile, kKeyStride = Block::kKeyStride;

  static constexpr float kLargestCode = 32767.0f, kSmallest = 0x1p-100f;
  // Nearest-even codes of x and of y, in the low and the high half of 32-bit lanes.
  static SOTTO_INLINE V code_pairs(V x, V y) {
    const V rounder = V::broadcast(12582912.0f);  // 1.5 * 2^23: floats of this size have a spacing of one
    return low_halves(x + rounder, y + rounder);
  }

  static void load_queries(const Block& block) {
    const AttentionArgs& args = block.args;
    const V scale = V::broadcast(args.scale);
    for (size_t row = 0; row < block.n_rows; ++row) {
      const size_t token = block.first_token + row / args.n_heads, head = row % args.n_heads;
      const float* query = args.queries + token * args.query_stride + head * args.head_dim;
      float* const to = block.queries + row * block.shape.columns;
      map_rows<Arch>(args.head_dim, to, [&](auto at) { return at(query) * scale; });
      if (args.kv_type == KvType::q8_0) block.query_steps[row] = make_codes(block.shape, to);
    }
  }

  // A row of numbers becomes pairs of codes in their place, 16 for each block. Returns what a code stands for; NaN if a number is
  // not finite.
  static float make_codes(const Shape& shape, float* row) {
    const V zero = V::broadcast(0.0f);
    const float largest =
        accumulate<Arch>(shape.head_dim, 0.0f, [&](V so_far, auto at) { return simd::larger(abs(at(row)), so_far); }).max();
    // Nothing but NaN and infinity leaves anything of its product with 0.
    const float fault = accumulate<Arch>(shape.head_dim, 0.0f, [&](V so_far, auto at) { return so_far + at(row) * zero; }).sum();
    const bool is_zero = !(largest > kSmallest);
    const V to_code = V::broadcast(is_zero || fault != 0.0f ? 0.0f : kLargestCode / largest);
    for (size_t block = 0; block < shape.n_blocks(); ++block) {
      float numbers[kKvBlock] = {};
      const size_t n = shape.head_dim - block * kKvBlock;
      __builtin_memcpy(numbers, row + block * kKvBlock, (n < kKvBlock ? n : kKvBlock) * sizeof(float));
      for (size_t i = 0; i < kKvPairs; i += V::kLanes)
        code_pairs(V::load(numbers + i) * to_code, V::load(numbers + kKvPairs + i) * to_code).store(row + block * kKvPairs + i);
    }
    return (is_zero ? 0.0f : largest / kLargestCode) + fault;
  }

  // The states of keys [span * kKvSpan, (span + 1) * kKvSpan). A row that sees none of them is left with a total of 0.
  static void attend(const Block& block, size_t span) {
    for (size_t row = 0; row < block.n_rows; ++row) block.shape.clear(block.state(row));
    const size_t span_begin = span * kKvSpan, span_end = span_begin + kKvSpan;
    const size_t seen_begin = block.first_seen(0), seen_end = block.position(block.n_tokens - 1) + 1;
    const size_t first = seen_begin > span_begin ? seen_begin : span_begin, end = seen_end < span_end ? seen_end : span_end;
    for (size_t tile = first / kTile * kTile; tile < end; tile += kTile)
      one_tile(block, {tile, tile < first ? first : tile, tile + kTile < end ? tile + kTile : end});
  }

  static void one_tile(const Block& block, const Tile& tile) {
    const AttentionArgs& args = block.args;
    // Tokens that see some of it: not those before it, nor those whose window starts after it.
    const size_t first_position = block.position(0);
    const size_t token_begin = tile.start > first_position ? tile.start - first_position : 0;
    size_t token_end = block.n_tokens;
    while (block.first_seen(token_end - 1) >= tile.end) --token_end;

    const size_t row = token_begin * args.n_heads, n_rows = (token_end - token_begin) * args.n_heads;
    switch (args.kv_type) {
      case KvType::f32:
        return float_tile<F32Kv<Arch>>(block, tile, row, n_rows);
      case KvType::f16:
        return float_tile<F16Kv<Arch>>(block, tile, row, n_rows);
      case KvType::q8_0:
        return coded_tile(block, tile, row, n_rows);
    }
  }

  static Matrices scores_of(const Block& block, const Tile& tile, size_t row, size_t n_rows) {
    const Matrices scores{.a = block.queries + row * block.shape.columns,
                          .a_stride = block.shape.columns,
                          .c = block.scores + row * kKeyStride + tile.first_column(),
                          .c_stride = kKeyStride,
                          .n_rows = n_rows,
                          .n_cols = tile.end_column() - tile.first_column(),
                          .n_k = block.args.head_dim};
    for (size_t i = 0; i < n_rows; ++i)
      map_rows<Arch>(scores.n_cols, scores.c + i * kKeyStride, [zero = V::broadcast(0.0f)](auto) { return zero; });
    return scores;
  }

  template <class Format>
  static __attribute__((noinline)) void float_tile(const Block& block, const Tile& tile, size_t row, size_t n_rows) {
    const AttentionArgs& args = block.args;
    const size_t skipped = tile.begin - tile.start, n_seen = tile.end - tile.begin;
    const size_t slot = tile.start % args.n_slots, row_bytes = kv_row_bytes(args.kv_type, args.head_dim);
    const auto key_group = [&](size_t column) {
      return FloatRows<Arch, Format>{args.keys + (slot + tile.first_column() + column) * row_bytes,
                                     kKeyGroup * Format::kNumberBytes};
    };
    const FloatRows<Arch, Format> values{args.values + (slot + skipped) * row_bytes, row_bytes};
    const Matrices scores = scores_of(block, tile, row, n_rows);
    const Matrices weighted{.a = block.scores + row * kKeyStride + skipped,
                            .a_stride = kKeyStride,
                            .c = block.state(row),
                            .c_stride = block.shape.state_stride,
                            .n_rows = n_rows,
                            .n_cols = block.shape.columns,
                            .n_k = n_seen};
    const FloatProducts<Arch> products;
    if (is_few(n_rows) && args.head_dim % simd::kPartialLanes == 0) {
      NextTile<Arch> next(block, tile, scores.n_cols / kPiece + n_rows + weighted.n_cols / kPiece);
      in_pieces<kPiece>(scores, next,
                        [&](const Matrices& piece, size_t column) { Multiply::multiply_add(piece, key_group(column), products); });
      for (size_t i = 0; i < n_rows; ++i, next.read()) block.softmax(tile, row + i, false);
      in_pieces<kPiece>(weighted, next, [&](const Matrices& piece, size_t column) {
        Multiply::multiply_add(piece, FloatRows<Arch, Format>{values.rows + column * Format::kNumberBytes, row_bytes}, products);
      });
      return;
    }
    for (size_t column = 0; column < scores.n_cols; column += kKeyGroup) {
      const auto keys = key_group(column);
      for (size_t d = 0; d < args.head_dim; ++d)
        for (size_t i = 0; i < kKeyGroup; i += V::kLanes) keys(d, i).store(block.keys + d * kKeyStride + column + i);
    }
    for (size_t i = 0; i < n_seen; ++i) {
      float* const to = block.values + i * block.shape.value_stride;
      size_t d = 0;
      for (; d < args.head_dim; d += V::kLanes) values(i, d, args.head_dim - d).store(to + d);
      for (; d < block.shape.columns; d += V::kLanes) V::broadcast(0.0f).store(to + d);
    }
    const auto floats = [](const float* rows, size_t stride) {
      return FloatRows<Arch, F32Kv<Arch>>{reinterpret_cast<const std::byte*>(rows), stride * sizeof(float)};
    };
    Multiply::multiply_add(scores, floats(block.keys, kKeyStride), products);
    for (size_t i = 0; i < n_rows; ++i) block.softmax(tile, row + i, false);
    Multiply::multiply_add(weighted, floats(block.values, block.shape.value_stride), products);
  }

  static __attribute__((noinline)) void coded_tile(const Block& block, const Tile& tile, size_t row, size_t n_rows) {
    const AttentionArgs& args = block.args;
    const Shape& shape = block.shape;
    const size_t slot = tile.start % args.n_slots, row_bytes = kv_row_bytes(args.kv_type, args.head_dim);
    constexpr size_t kScalesBytes = kTile * Q8Kv::kScaleBytes;
    const auto block_of = [&](const std::byte* all, size_t b) { return all + slot * row_bytes + b * kTile * Q8Kv::kBlockBytes; };
    const size_t first_column = tile.first_column();
    NextTile<Arch> next(block, tile, is_few(n_rows) ? shape.n_blocks() * (kTile + kKvBlock) / kCodedPiece + n_rows : 0);

    Matrices scores = scores_of(block, tile, row, n_rows);
    scores.n_k = kKvPairs;
    for (size_t b = 0; b < shape.n_blocks(); ++b, scores.a += kKvPairs) {
      const std::byte* const keys = block_of(args.keys, b);
      load_scales(keys, block.key_scales);
      in_pieces<kCodedPiece>(scores, next, [&](const Matrices& piece, size_t column) {
        column += first_column;
        Multiply::multiply_add(piece, CodedRows<Arch>{keys + kScalesBytes + column * 2, kTile},
                               PairProducts<Arch>{block.query_steps + row, block.key_scales + column});
      });
    }

    Tile scaled{};
    for (size_t i = row; i < row + n_rows; ++i, next.read()) {
      const Tile seen = block.seen_by(i / args.n_heads, tile);
      if (seen != scaled)
        for (size_t b = 0; b < shape.n_blocks(); ++b)
          block.value_steps[b] = find_value_scales(block, seen, block_of(args.values, b), b);
      scaled = seen;
      weigh(block, tile, i, block.softmax(tile, i, true));
    }

    float ones[kCodedPiece];  // all columns of a block have the step of its row
    for (float& one : ones) one = 1.0f;
    for (size_t b = 0; b < shape.n_blocks(); ++b) {
      const size_t begin = b * kKvBlock, first_pair = first_column / 2;
      const Matrices weighted{.a = block.weights + row * shape.weight_pairs() + b * (kTile / 2) + first_pair,
                              .a_stride = shape.weight_pairs(),
                              .c = block.state(row) + begin,
                              .c_stride = shape.state_stride,
                              .n_rows = n_rows,
                              .n_cols = shape.columns - begin < kKvBlock ? shape.columns - begin : kKvBlock,
                              .n_k = tile.end_column() / 2 - first_pair};
      const std::byte* const values = block_of(args.values, b) + kScalesBytes + first_pair * kKvBlock * 2;
      in_pieces<kCodedPiece>(weighted, next, [&](const Matrices& piece, size_t column) {
        Multiply::multiply_add(piece, CodedRows<Arch>{values + column * 2, kKvBlock},
                               PairProducts<Arch>{block.weight_steps + b * block.n_rows + row, ones});
      });
    }
  }

  // Numerators of a row, each of which counts for so much, become weights.
  static void weigh(const Block& block, const Tile& tile, size_t row, float counts) {
    const float* const p = block.scores + row * kKeyStride;
    for (size_t b = 0; b < block.shape.n_blocks(); ++b) {
      block.weight_steps[b * block.n_rows + row] = block.value_steps[b] * counts;
      const float* const scales = block.value_scales + b * kTile;
      float* const to = block.weights + row * block.shape.weight_pairs() + b * (kTile / 2);
      for (size_t half = tile.first_column(); half < tile.end_column(); half += kKvBlock)
        for (size_t pair = 0; pair < kKvPairs; pair += V::kLanes) {
          const size_t at = half + pair, other = at + kKvPairs;
          code_pairs(V::load(p + at) * V::load(scales + at), V::load(p + other) * V::load(scales + other))
              .store(to + half / 2 + pair);
        }
    }
  }

  static bool is_few(size_t n_rows) { return n_rows <= Multiply::kMostRows; }

  /// multiply(piece, its first column) for each kWidth columns, and what is left.
  template <size_t kWidth, class Function>
  static SOTTO_INLINE void in_pieces(const Matrices& all, NextTile<Arch>& next, Function multiply) {
    Matrices piece = all;
    for (size_t column = 0; column < all.n_cols; column += kWidth, piece.c += kWidth, next.read()) {
      piece.n_cols = all.n_cols - column < kWidth ? all.n_cols - column : kWidth;
      multiply(piece, column);
    }
  }

  // (kTile)
  static void load_scales(const std::byte* halves, float* to) {
    for (size_t i = 0; i < kTile; i += V::kLanes) V::template load_f16<true>(halves + i * sizeof(uint16_t)).store(to + i);
  }

  // value_scales of a block of columns, so that the largest becomes kLargestCode, and 0 for slots that are not seen. Returns what a
  // code then stands for.
  static float find_value_scales(const Block& block, const Tile& tile, const std::byte* values, size_t b) {
    float* const scales = block.value_scales + b * kTile;
    load_scales(values, scales);
    for (size_t i = 0; i < tile.begin - tile.start; ++i) scales[i] = 0.0f;
    for (size_t i = tile.end - tile.start; i < kTile; ++i) scales[i] = 0.0f;
    const float largest = accumulate<Arch>(kTile, 0.0f, [&](V so_far, auto at) { return simd::larger(at(scales), so_far); }).max();
    const V factor = V::broadcast(largest > 0.0f ? kLargestCode / largest : 0.0f);
    map_rows<Arch>(kTile, scales, [&](auto at) { return at(scales) * factor; });
    return largest / kLargestCode;
  }
};

}  // namespace sotto::kernels
