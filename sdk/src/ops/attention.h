// attention: every query head of a run of tokens against the cache, split over threads by heads and spans of the cache (decode) or
// by heads and runs of tokens (prefill). Query heads that share a key/value head are the rows of one tile.
#pragma once

#include "ops/context.h"

namespace sotto::ops {

/// The cache of one layer: keys and values of one head after the other, each of n_slots, a multiple of kernels::kKvTile; position p
/// lies in slot p % n_slots.
struct KvView {
  std::byte* keys = nullptr;
  std::byte* values = nullptr;
  kernels::KvType type{};
  size_t n_slots = 0;
  size_t head_bytes = 0;  // of keys, or values
};

struct AttentionShape {
  size_t n_heads;
  size_t n_kv_heads;
  size_t head_dim;
  size_t window;  // 0: all
  float scale;
  float soft_cap;  // 0: none
};

/// Floats `attention` needs as scratch where a token sees at most n_seen positions.
uint64_t attention_scratch_floats(const kernels::KernelTable& kernels, const AttentionShape& shape, size_t n_seen,
                                  size_t n_threads) noexcept;

/// queries: (n_tokens, query_stride), out: (n_tokens, out_stride); heads of one token lie head_dim apart.
/// Keys and values of these tokens are in the cache already. Where the context stops the work, parts of out are left as they were.
void attention(const OpContext& context, const AttentionShape& shape, const KvView& cache, const float* queries,
               size_t query_stride, size_t n_tokens, size_t first_position, float* out, size_t out_stride, float* scratch);

}  // namespace sotto::ops
