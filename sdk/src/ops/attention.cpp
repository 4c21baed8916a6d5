#include "ops/attention.h"

#include <algorithm>

namespace sotto::ops {
namespace {

// Tokens of one piece of work in prefill: enough rows for a tile, few enough that causal work balances over threads.
constexpr size_t kTokensPerPiece = 16;

}  // namespace

uint64_t attention_scratch_floats(const kernels::KernelTable& kernels, const AttentionShape& shape, size_t n_threads) noexcept {
  return uint64_t{kernels.attention_scratch_floats(shape.n_heads / shape.n_kv_heads, shape.head_dim)} * n_threads;
}

void attention(const OpContext& context, const AttentionShape& shape, const KvView& cache, const float* queries,
               size_t query_stride, size_t n_tokens, size_t first_position, float* out, size_t out_stride, float* scratch) {
  const size_t heads_per_kv = shape.n_heads / shape.n_kv_heads;
  const size_t scratch_floats = context.kernels.attention_scratch_floats(heads_per_kv, shape.head_dim);

  // Query heads [head, head + n_heads) share one key/value head.
  const auto attend = [&](size_t head, size_t n_heads, size_t token, size_t n_run, size_t thread) {
    if (context.control.stop_requested()) return;
    const size_t kv_head = head / heads_per_kv;
    context.kernels.attention({
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
    });
  };

  if (n_tokens == 1) {
    // One token: threads share the heads, also where all of them read one key/value head (Gemma has only one).
    context.pool.parallel_for(shape.n_heads, 1, [&](size_t begin, size_t end, size_t thread) {
      while (begin < end) {
        const size_t stop = std::min(end, (begin / heads_per_kv + 1) * heads_per_kv);
        attend(begin, stop - begin, 0, 1, thread);
        begin = stop;
      }
    });
    return;
  }
  const size_t n_runs = (n_tokens + kTokensPerPiece - 1) / kTokensPerPiece;
  context.pool.parallel_for(n_runs * shape.n_kv_heads, 1, [&](size_t begin, size_t end, size_t thread) {
    for (size_t piece = begin; piece < end; ++piece) {
      const size_t token = piece / shape.n_kv_heads * kTokensPerPiece;
      attend(piece % shape.n_kv_heads * heads_per_kv, heads_per_kv, token, std::min(kTokensPerPiece, n_tokens - token), thread);
    }
  });
}

}  // namespace sotto::ops
