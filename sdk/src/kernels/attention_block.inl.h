// What attention works on at a time: query heads of the key/value head, times tokens, as rows, and where they lie in the scratch;
// tiles of keys, and the state of what a row has seen of them.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/kv_layout.inl.h"
#include "kernels/rows.inl.h"

namespace sotto::kernels {

template <class Arch>
struct AttentionBlock {
  using V = simd::Vec<Arch>;
  static constexpr size_t kTile = kKvTile;
  static constexpr float kInfinity = __builtin_inff();

  static constexpr size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }
  // An odd number of cache lines, so that the rows of a panel do not fall into the same few sets of the cache.
  static constexpr size_t odd_lines(size_t n) { return round_up(n, 16) | 16; }

  static constexpr size_t kKeyStride = odd_lines(kTile);

  struct Shape {
    size_t head_dim, columns, value_stride, state_stride;

    explicit Shape(size_t dim)
        : head_dim(dim), columns(round_up(dim, 16)), value_stride(odd_lines(dim)), state_stride(odd_lines(columns + 2)) {}
    size_t key_floats() const { return columns * kKeyStride; }
    size_t value_floats() const { return kTile * value_stride; }
    size_t n_blocks() const { return round_up(head_dim, kKvBlock) / kKvBlock; }
    size_t scale_floats() const { return n_blocks() * kTile; }
    size_t weight_pairs() const { return n_blocks() * (kTile / 2); }
    size_t floats_per_row() const { return columns + kKeyStride + weight_pairs() + 1 + n_blocks() + 2 * state_stride; }

    // A state is what a row has seen of some keys: (columns) values weighted by their numerators exp(score - maximum) and summed,
    float* total(float* state) const { return state + columns; }  // of numerators
    float* maximum(float* state) const { return state + columns + 1; }

    void clear(float* state) const {
      map_rows<Arch>(columns, state, [zero = V::broadcast(0.0f)](auto) { return zero; });
      *maximum(state) = -kInfinity;
      *total(state) = 0.0f;
    }

    // `state`, of some keys, becomes that of those and later ones. Both shrink to the higher maximum.
    void merge(float* later, float* state) const {
      if (*total(later) == 0.0f) return;
      if (*total(state) == 0.0f) {
        map_rows<Arch>(columns + 2, state, [&](auto at) { return at(later); });
        return;
      }
      const float a = *maximum(state), b = *maximum(later), highest = a > b ? a : b;
      const V keep = simd::exp(V::broadcast(a - highest)), take = simd::exp(V::broadcast(b - highest));
      map_rows<Arch>(columns + 1, state, [&](auto at) { return at(state) * keep + at(later) * take; });
      *maximum(state) = highest;
    }

    // out: (head_dim)
    void write(float* state, float* out) const {
      const V factor = V::broadcast(1.0f / *total(state));
      map_rows<Arch>(head_dim, out, [&](auto at) { return at(state) * factor; });
    }
  };

  // Keys of positions [begin, end) of the tile that starts at `start`; worked on are whole halves.
  struct Tile {
    size_t start, begin, end;

    bool operator==(const Tile&) const = default;

    size_t first_column() const { return (begin - start) / kKvBlock * kKvBlock; }
    size_t end_column() const { return round_up(end - start, kKvBlock); }
  };

  const AttentionArgs& args;
  Shape shape;
  size_t first_token, n_tokens, n_rows;
  float* keys;          // (head_dim, kKeyStride), and
  float* values;        // (kTile, value_stride), of caches that are made floats
  float* key_scales;    // (kTile): of one block of columns; this and what follows up to queries of coded caches
  float* value_scales;  // (n_blocks, kTile): times kLargestCode / the largest that a token sees of the block
  float* value_steps;   // (n_blocks): that largest / kLargestCode
  float* queries;       // (n_rows, columns), times args.scale; or pairs of codes
  float* scores;        // (n_rows, kKeyStride), then softmax numerators
  float* weights;       // (n_rows, n_blocks, kTile / 2): pairs of codes of numerators times value_scales
  float* query_steps;   // (n_rows): what a code of queries stands for
  float* weight_steps;  // (n_blocks, n_rows): what a code of weights stands for, times value_steps
  float* states;        // (n_rows, state_stride): of the span at hand
  float* merged;        // (n_rows, state_stride): of the spans before it

  AttentionBlock(const AttentionArgs& all, size_t token, size_t count)
      : args(all), shape(all.head_dim), first_token(token), n_tokens(count), n_rows(count * all.n_heads) {
    keys = all.scratch;
    values = keys + shape.key_floats();
    key_scales = values + shape.value_floats();
    value_scales = key_scales + kTile;
    value_steps = value_scales + shape.scale_floats();
    queries = value_steps + shape.n_blocks();
    scores = queries + n_rows * shape.columns;
    weights = scores + n_rows * kKeyStride;
    query_steps = weights + n_rows * shape.weight_pairs();
    weight_steps = query_steps + n_rows;
    states = weight_steps + n_rows * shape.n_blocks();
    merged = states + n_rows * shape.state_stride;
  }

  float* state(size_t row) const { return states + row * shape.state_stride; }

  size_t position(size_t token) const { return args.first_position + first_token + token; }
  size_t first_seen(size_t token) const {
    const size_t p = position(token);
    return args.window == 0 || p < args.window ? 0 : p - args.window + 1;
  }

  /// What a token sees of the tile.
  Tile seen_by(size_t token, const Tile& tile) const {
    const size_t begin = first_seen(token), end = position(token) + 1;
    return {tile.start, begin > tile.begin ? begin : tile.begin, end < tile.end ? end : tile.end};
  }

  // Scores of one row become numerators exp(score - highest so far), and what was summed before shrinks to that; or
  // exp(score - highest of the tile): returned is what such a numerator counts for.
  float softmax(const Tile& tile, size_t row, bool of_tile) const {
    const size_t first_column = tile.first_column(), n_columns = tile.end_column() - first_column;
    float* const row_scores = scores + row * kKeyStride + first_column;
    const Tile seen = seen_by(row / args.n_heads, tile);
    if (args.soft_cap != 0.0f) {
      const V cap = V::broadcast(args.soft_cap);
      map_rows<Arch>(n_columns, row_scores, [&](auto at) { return cap * simd::tanh(at(row_scores) / cap); });
    }
    for (size_t i = 0; i < seen.begin - tile.start - first_column; ++i) row_scores[i] = -kInfinity;
    for (size_t i = seen.end - tile.start - first_column; i < n_columns; ++i) row_scores[i] = -kInfinity;

    const float highest =
        accumulate<Arch>(n_columns, -kInfinity, [&](V largest, auto at) { return simd::larger(at(row_scores), largest); }).max();
    float* const state = this->state(row);
    float& maximum_so_far = *shape.maximum(state);
    const float maximum = highest > maximum_so_far ? highest : maximum_so_far;
    const V shift = V::broadcast(of_tile ? highest : maximum);
    const float sum = accumulate<Arch>(n_columns, 0.0f, [&](V so_far, auto at) {
                        const V numerator = simd::exp(at(row_scores) - shift);
                        at.store(numerator, row_scores);
                        return so_far + numerator;
                      }).sum();
    if (maximum != maximum_so_far) {
      const float factor = exp(maximum_so_far - maximum);
      map_rows<Arch>(shape.columns, state, [&](auto at) { return at(state) * V::broadcast(factor); });
      *shape.total(state) *= factor;
      maximum_so_far = maximum;
    }
    const float counts = of_tile && highest != maximum ? exp(highest - maximum) : 1.0f;
    *shape.total(state) += sum * counts;
    return counts;
  }

 private:
  static float exp(float x) {
    float lanes[V::kLanes];
    simd::exp(V::broadcast(x)).store(lanes);
    return lanes[0];
  }
};

// Reads the next tile from memory while few rows work on this one, a part at each call: together they would wait for one another.
// Many rows take longer than their memory: they say 0.
template <class Arch>
class NextTile {
 public:
  NextTile(const AttentionBlock<Arch>& block, const typename AttentionBlock<Arch>::Tile& tile, size_t n_calls) {
    const AttentionArgs& args = block.args;
    if (n_calls == 0 || tile.start + kKvTile > block.position(block.n_tokens - 1)) return;
    const size_t row_bytes = kv_row_bytes(args.kv_type, args.head_dim), at = (tile.start + kKvTile) % args.n_slots * row_bytes;
    keys_ = args.keys + at;
    values_ = args.values + at;
    size_ = kKvTile * row_bytes;
    step_ = (size_ / n_calls / simd::kLine + 1) * simd::kLine;
  }
  SOTTO_INLINE void read() {
    for (const size_t end = next_ + step_ < size_ ? next_ + step_ : size_; next_ < end; next_ += simd::kLine) {
      simd::read_ahead(keys_ + next_);
      simd::read_ahead(values_ + next_);
    }
  }

 private:
  const std::byte* keys_ = nullptr;
  const std::byte* values_ = nullptr;
  size_t size_ = 0, step_ = 0, next_ = 0;
};

}  // namespace sotto::kernels
