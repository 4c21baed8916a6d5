#include "ops/attention.h"

#include <algorithm>

namespace sotto::ops {
namespace {

// Tokens of one piece of work in prefill: enough rows for a tile, few enough that causal work balances over threads.
constexpr size_t kTokensPerPiece = 16;
// Pieces of a key/value head that decoding must have for each thread: the last of them then costs little.
constexpr size_t kPiecesPerThread = 4;

// Spans that n neighbouring positions can touch.
size_t most_spans(size_t n) {
  return (n + kernels::kKvSpan - 2) / kernels::kKvSpan + 1;
}

}  // namespace

uint64_t attention_scratch_floats(const kernels::KernelTable& kernels, const AttentionShape& shape, size_t n_seen,
                                  size_t n_threads) noexcept {
  const uint64_t states = uint64_t{kernels.attention_state_floats(shape.head_dim)} * shape.n_heads * most_spans(n_seen);
  return uint64_t{kernels.attention_scratch_floats(shape.n_heads / shape.n_kv_heads, shape.head_dim)} * n_threads + states;
}

void attention(const OpContext& context, const AttentionShape& shape, const KvView& cache, const float* queries,
               size_t query_stride, size_t n_tokens, size_t first_position, float* out, size_t out_stride, float* scratch) {
  const kernels::KernelTable& kernels = context.kernels;
  const size_t heads_per_kv = shape.n_heads / shape.n_kv_heads;
  const size_t scratch_floats = kernels.attention_scratch_floats(heads_per_kv, shape.head_dim);

  // Query heads [head, head + n_heads) share one key/value head.
  const auto args_of = [&](size_t head, size_t n_heads, size_t token, size_t n_run, size_t thread) {
    const size_t kv_head = head / heads_per_kv;
    return kernels::AttentionArgs{
        .queries = queries + token * query_stride + head * shape.head_dim,
        .query_stride = query_stride,
        .n_tokens = n_run,
        .n_heads = n_heads,
        .head_dim = shape.head_dim,
        .keys = cache.keys + kv_head * cache.head_bytes,
        .values = cache.values + kv_head * cache.head_bytes,
        .kv_type = cache.type,
        .n_slots = cache.n_slots,
        .first_position = first_position + token,
        .window = shape.window,
        .scale = shape.scale,
        .soft_cap = shape.soft_cap,
        .out = out + token * out_stride + head * shape.head_dim,
        .out_stride = out_stride,
        .scratch = scratch + thread * scratch_floats,
    };
  };

  if (n_tokens == 1) {
    const size_t n_seen = shape.window == 0 ? first_position + 1 : std::min(first_position + 1, shape.window);
    const size_t first_span = (first_position + 1 - n_seen) / kernels::kKvSpan;
    const size_t n_spans = first_position / kernels::kKvSpan - first_span + 1;
    const size_t state_floats = kernels.attention_state_floats(shape.head_dim);
    const size_t n_items = n_spans * heads_per_kv;                         // of one key/value head
    float* const states = scratch + context.pool.size() * scratch_floats;  // (n_kv_heads, n_spans, heads_per_kv, state_floats)
    // Threads share spans of key/value heads, or single heads where that would be too few for them.
    const bool many = n_spans * shape.n_kv_heads >= kPiecesPerThread * context.pool.size();
    context.pool.parallel_for(shape.n_kv_heads * n_items, many ? heads_per_kv : 1, [&](size_t begin, size_t end, size_t thread) {
      while (begin < end) {
        if (begin % n_items == 0 && context.control.stop_requested()) return;
        const size_t stop = std::min(end, (begin / heads_per_kv + 1) * heads_per_kv);
        const size_t head = begin / n_items * heads_per_kv + begin % heads_per_kv, span = begin % n_items / heads_per_kv;
        kernels.attention_span(args_of(head, stop - begin, 0, 1, thread), first_span + span, states + begin * state_floats);
        begin = stop;
      }
    });
    for (size_t i = 0; i < shape.n_kv_heads; ++i)
      kernels.attention_merge(states + i * n_items * state_floats, n_spans, heads_per_kv, shape.head_dim,
                              out + i * heads_per_kv * shape.head_dim);
    return;
  }
  const size_t n_runs = (n_tokens + kTokensPerPiece - 1) / kTokensPerPiece;
  context.pool.parallel_for(n_runs * shape.n_kv_heads, 1, [&](size_t begin, size_t end, size_t thread) {
    for (size_t piece = begin; piece < end && !context.control.stop_requested(); ++piece) {
      const size_t token = piece / shape.n_kv_heads * kTokensPerPiece;
      kernels.attention(args_of(piece % shape.n_kv_heads * heads_per_kv, heads_per_kv, token,
                                std::min(kTokensPerPiece, n_tokens - token), thread));
    }
  });
}

}  // namespace sotto::ops
