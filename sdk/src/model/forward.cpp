#include "model/forward.h"

#include <algorithm>
#include <atomic>

#include "ops/attention.h"
#include "ops/best_rows.h"
#include "ops/linear.h"

namespace sotto::model {
namespace {

using ops::LinearPart;
using ops::OpContext;

// One run of n tokens on its way through the layers.
class Pass {
 public:
  Pass(const OpContext& context, const ModelSpec& spec, const Weights& weights, Timeline& timeline, size_t n_tokens,
       size_t first_position)
      : context_(context),
        spec_(spec),
        weights_(weights),
        timeline_(timeline),
        a_(timeline.activations),
        n_(n_tokens),
        first_(first_position) {}

  void embed(std::span<const TokenId> tokens) {
    const TraceSpan span(context_.trace, "embed");
    for (size_t t = 0; t < n_; ++t) {
      float* x = a_.x + t * spec_.dim;
      gather_row(context_.kernels, weights_.global().matrix(Role::token_embedding), static_cast<size_t>(tokens[t]), a_.row);
      std::copy_n(a_.row, spec_.dim, x);
      if (spec_.embedding_scale != 1) context_.kernels.scale(spec_.embedding_scale, x, spec_.dim);
      if (spec_.positions == PositionKind::learned) {
        gather_row(context_.kernels, weights_.global().matrix(Role::position_embedding), first_ + t, a_.row);
        context_.kernels.add(a_.row, x, spec_.dim);
      }
    }
    const size_t half = spec_.rotary_dim / 2;
    ops::for_each_token(context_, n_, [&](size_t t) {
      for (size_t i = 0; i < spec_.ropes.size(); ++i)
        rope_angles(timeline_.rope_frequencies[i], spec_.ropes[i].attention_factor, first_ + t, a_.cos[i] + t * half,
                    a_.sin[i] + t * half);
    });
  }

  // x += attention(norm(x)). False: a number is not finite.
  bool attention_block(size_t i) {
    const WeightSet& w = weights_.layer(i);
    const LayerSpec& layer = spec_.layers[i];
    const ops::KvView& cache = timeline_.cache.layer(i);
    const size_t q = spec_.q_dim(), kv = spec_.kv_dim(), qkv = q + 2 * kv;
    const int64_t index = static_cast<int64_t>(i);
    {
      const TraceSpan span(context_.trace, "qkv", index);
      norm(w, Role::attn_norm, Role::attn_norm_bias, a_.x, n_);  // (n, dim)
      if (w.matrix(Role::qkv)) {
        linear(a_.normed, spec_.dim, {part(w, Role::qkv, Role::qkv_bias, a_.qkv, qkv)});  // (n, q + 2 kv)
      } else {
        linear(a_.normed, spec_.dim,
               {part(w, Role::q, Role::q_bias, a_.qkv, qkv),      // (n, q)
                part(w, Role::k, Role::k_bias, a_.qkv + q, qkv),  // (n, kv)
                part(w, Role::v, Role::v_bias, a_.qkv + q + kv, qkv)});
      }
      if (!rotate_and_store(w, layer, cache)) return false;
    }
    {
      const TraceSpan span(context_.trace, "attention", index);
      const ops::AttentionShape shape{spec_.n_heads, spec_.n_kv_heads,      spec_.head_dim,
                                      layer.window,  layer.attention_scale, spec_.attention_soft_cap};
      ops::attention(context_, shape, cache, a_.qkv, qkv, n_, first_, a_.attended, q, a_.attention_scratch);  // (n, q)
    }
    const TraceSpan span(context_.trace, "attn_out", index);
    join(w, Role::attn_out, Role::attn_out_bias, Role::attn_post_norm, a_.attended, q);
    return true;
  }

  // x += mlp(norm(x)). False: a number is not finite.
  bool ffn_block(size_t i) {
    const WeightSet& w = weights_.layer(i);
    const size_t ffn = spec_.ffn_dim;
    const int64_t index = static_cast<int64_t>(i);
    {
      const TraceSpan span(context_.trace, "gate_up", index);
      norm(w, Role::ffn_norm, Role::ffn_norm_bias, a_.x, n_);              // (n, dim)
      const LinearPart up = part(w, Role::up, Role::up_bias, a_.up, ffn);  // (n, ffn)
      if (spec_.gated) {
        linear(a_.normed, spec_.dim, {part(w, Role::gate, Role::gate_bias, a_.gate, ffn), up});
      } else {
        linear(a_.normed, spec_.dim, {up});
      }
      ops::for_each_token(context_, n_, [&](size_t t) {
        float* row = a_.up + t * ffn;
        context_.kernels.activate(spec_.activation, spec_.gated ? a_.gate + t * ffn : row, spec_.gated ? row : nullptr, ffn, row);
      });
    }
    const TraceSpan span(context_.trace, "down", index);
    join(w, Role::down, Role::down_bias, Role::ffn_post_norm, a_.up, ffn);
    return context_.kernels.all_finite(a_.x, n_ * spec_.dim);
  }

  // Logits of the last n_outputs tokens: (n_outputs, n_vocab). False: a number is not finite.
  bool head(size_t n_outputs, float* logits) {
    const TraceSpan span(context_.trace, "head");
    norm(weights_.global(), Role::output_norm, Role::output_norm_bias, a_.x + (n_ - n_outputs) * spec_.dim, n_outputs);
    const LinearPart head{&weights_.head(), nullptr, logits, spec_.n_vocab};
    ops::linear(context_, a_.normed, spec_.dim, n_outputs, std::span(&head, 1), a_.rounded);
    if (spec_.logit_soft_cap > 0) context_.kernels.soft_cap(spec_.logit_soft_cap, logits, n_outputs * spec_.n_vocab);
    return context_.kernels.all_finite(logits, n_outputs * spec_.n_vocab);
  }

  // Of the last token, the n_best largest logits: (n_vocab). False: a number is not finite.
  bool best_of_head(size_t n_best, float* logits) {
    if (!weights_.head_screen() || !ops::screening_pays(n_best, spec_.n_vocab)) return head(1, logits);
    const TraceSpan span(context_.trace, "head");
    norm(weights_.global(), Role::output_norm, Role::output_norm_bias, a_.x + (n_ - 1) * spec_.dim, 1);
    return ops::best_rows(context_, a_.normed, weights_.head(), weights_.head_screen(), n_best, logits, a_.rounded,
                          a_.best_rows_scratch);
  }

 private:
  // What the cache takes in and gives out is multiplied finely: few products that make much of the noise (sdk/docs/map.md).
  LinearPart part(const WeightSet& w, Role weight, Role bias, float* out, size_t out_stride) const {
    const bool fine = weight == Role::k || weight == Role::v || weight == Role::attn_out;
    return {.weight = &w.matrix(weight), .bias = w.vector(bias), .out = out, .out_stride = out_stride, .fine = fine};
  }

  void linear(const float* x, size_t x_stride, std::initializer_list<LinearPart> parts) {
    ops::linear(context_, x, x_stride, n_, std::span(parts.begin(), parts.size()), a_.rounded);
  }

  // The first n_rows rows of `normed`: (n_rows, dim).
  void norm(const WeightSet& w, Role weight, Role bias, const float* x, size_t n_rows) {
    ops::for_each_token(context_, n_rows, [&](size_t t) {
      norm_row(w.vector(weight), w.vector(bias), x + t * spec_.dim, a_.normed + t * spec_.dim);
    });
  }

  void norm_row(const float* weight, const float* bias, const float* x, float* out) const {
    if (spec_.norm == NormKind::rms) {
      context_.kernels.rms_norm(x, weight, spec_.norm_eps, spec_.dim, out);
    } else {
      context_.kernels.layer_norm(x, weight, bias, spec_.norm_eps, spec_.dim, out);
    }
  }

  // x += linear(in), with a norm in between where the family has one.
  void join(const WeightSet& w, Role weight, Role bias, Role post_norm, const float* in, size_t in_stride) {
    if (!w.vector(post_norm)) {
      LinearPart into_x = part(w, weight, bias, a_.x, spec_.dim);
      into_x.accumulate = true;
      return linear(in, in_stride, {into_x});
    }
    linear(in, in_stride, {part(w, weight, bias, a_.projected, spec_.dim)});
    ops::for_each_token(context_, n_, [&](size_t t) {
      float* row = a_.projected + t * spec_.dim;
      norm_row(w.vector(post_norm), nullptr, row, row);
      context_.kernels.add(row, a_.x + t * spec_.dim, spec_.dim);
    });
  }

  // False: a number is not finite; looked for here since the cache would hide it in a largest one.
  bool rotate_and_store(const WeightSet& w, const LayerSpec& layer, const ops::KvView& cache) {
    const size_t q = spec_.q_dim(), kv = spec_.kv_dim(), d = spec_.head_dim, half = spec_.rotary_dim / 2;
    std::atomic<bool> finite{true};
    ops::for_each_token(context_, n_, [&](size_t t) {
      float* queries = a_.qkv + t * (q + 2 * kv);
      float* keys = queries + q;
      const float* values = keys + kv;
      norm_heads(w.vector(Role::q_norm), queries, spec_.n_heads);
      norm_heads(w.vector(Role::k_norm), keys, spec_.n_kv_heads);
      if (spec_.positions == PositionKind::rope) {
        const float* cos = a_.cos[layer.rope] + t * half;
        const float* sin = a_.sin[layer.rope] + t * half;
        context_.kernels.rope(queries, spec_.n_heads, d, spec_.rotary_dim, spec_.rope_pairs, cos, sin);
        context_.kernels.rope(keys, spec_.n_kv_heads, d, spec_.rotary_dim, spec_.rope_pairs, cos, sin);
      }
      if (!context_.kernels.all_finite(queries, q + 2 * kv)) return finite.store(false, std::memory_order_relaxed);
      const size_t slot = (first_ + t) % cache.n_slots;
      for (size_t h = 0; h < spec_.n_kv_heads; ++h) {
        const size_t at = h * cache.head_bytes;
        context_.kernels.kv_store(cache.type, keys + h * d, values + h * d, d, slot, cache.keys + at, cache.values + at);
      }
    });
    return finite;
  }

  void norm_heads(const float* weight, float* heads, size_t n_heads) const {
    if (!weight) return;
    for (size_t h = 0; h < n_heads; ++h) {
      float* head = heads + h * spec_.head_dim;
      context_.kernels.rms_norm(head, weight, spec_.norm_eps, spec_.head_dim, head);
    }
  }

  const OpContext& context_;
  const ModelSpec& spec_;
  const Weights& weights_;
  Timeline& timeline_;
  Activations& a_;
  const size_t n_;
  const size_t first_;
};

Error not_finite(const std::string& where) {
  return {ErrorCode::numeric_fault, "the computation left the range of finite numbers in " + where, where};
}

}  // namespace

Result<Timeline> Timeline::make(const ModelSpec& spec, const Weights& weights, const kernels::KernelTable& kernels,
                                const KvShape& shape, size_t n_threads) {
  SOTTO_ASSIGN(KvCache cache, KvCache::make(spec, shape));
  SOTTO_ASSIGN(Activations activations, Activations::make(spec, kernels, shape, n_threads));
  Timeline timeline{std::move(cache), std::move(activations), {}};
  const float* factors = weights.global().vector(Role::rope_factors);
  for (const RopeSpec& rope : spec.ropes)
    timeline.rope_frequencies.push_back(model::rope_frequencies(rope, spec.rotary_dim, shape.context, factors));
  return timeline;
}

Status forward(const OpContext& context, const ModelSpec& spec, const Weights& weights, Timeline& timeline,
               std::span<const TokenId> tokens, size_t first_position, Outputs outputs, std::span<float> logits, size_t n_best) {
  Pass pass(context, spec, weights, timeline, tokens.size(), first_position);
  timeline.cache.note_written(first_position, tokens.size());
  pass.embed(tokens);
  for (size_t layer = 0; layer < spec.n_layers; ++layer) {
    const TraceSpan span(context.trace, "layer", static_cast<int64_t>(layer));
    const bool finite = pass.attention_block(layer) && pass.ffn_block(layer);
    SOTTO_TRY(context.control.check());  // first: work that was stopped leaves numbers that mean nothing
    if (!finite) return not_finite("layer " + std::to_string(layer));
  }
  if (outputs == Outputs::none) return {};
  const bool finite = outputs == Outputs::all ? pass.head(tokens.size(), logits.data()) : pass.best_of_head(n_best, logits.data());
  SOTTO_TRY(context.control.check());
  return finite ? Status() : not_finite("the head");
}

}  // namespace sotto::model
