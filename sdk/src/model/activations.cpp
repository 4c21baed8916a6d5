#include "model/activations.h"

#include <algorithm>

#include "model/allocate.h"
#include "ops/attention.h"
#include "ops/best_rows.h"
#include "ops/linear.h"

namespace sotto::model {

// One description for counting and for placing: with base == nullptr the pointers mean nothing and only the size counts.
uint64_t Activations::lay_out(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv, size_t n_threads,
                              std::byte* base) {
  uint64_t at = 0;
  const auto take = [&](uint64_t bytes) {
    std::byte* place = base ? base + at : nullptr;
    at += round_up_bytes(bytes);
    return place;
  };
  const auto floats = [&](uint64_t n) { return reinterpret_cast<float*>(take(n * sizeof(float))); };
  const uint64_t n = kv.chunk;
  x = floats(n * spec.dim);
  normed = floats(n * spec.dim);
  qkv = floats(n * (spec.q_dim() + 2 * spec.kv_dim()));
  attended = floats(n * spec.q_dim());
  projected = floats(n * spec.dim);
  gate = floats(spec.gated ? n * spec.ffn_dim : 0);
  up = floats(n * spec.ffn_dim);
  row = floats(round_up(spec.dim, kernels::kColumnBlock));
  cos.clear();
  sin.clear();
  for (size_t i = 0; i < spec.ropes.size(); ++i) {
    cos.push_back(floats(n * (spec.rotary_dim / 2)));
    sin.push_back(floats(n * (spec.rotary_dim / 2)));
  }
  const size_t widest = std::max({spec.dim, spec.q_dim(), spec.ffn_dim});
  rounded = take(ops::linear_scratch_bytes(kernels, widest, kv.chunk));
  const ops::AttentionShape shape{spec.n_heads, spec.n_kv_heads, spec.head_dim, 0, 0, 0};
  size_t n_seen = 0;
  for (const LayerSpec& layer : spec.layers) n_seen = std::max(n_seen, layer.window == 0 ? kv.context : layer.window);
  attention_scratch = floats(ops::attention_scratch_floats(kernels, shape, std::min(n_seen, kv.context), n_threads));
  best_rows_scratch = take(ops::best_rows_scratch_bytes(spec.n_vocab, spec.dim));
  return at;
}

uint64_t Activations::bytes_needed(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv,
                                   size_t n_threads) {
  return Activations().lay_out(spec, kernels, kv, n_threads, nullptr);
}

Result<Activations> Activations::make(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv,
                                      size_t n_threads) {
  Activations activations;
  SOTTO_ASSIGN(activations.arena_, allocate(bytes_needed(spec, kernels, kv, n_threads), "scratch"));
  activations.lay_out(spec, kernels, kv, n_threads, activations.arena_.data());
  activations.chunk_ = kv.chunk;
  return activations;
}

}  // namespace sotto::model
