// forward(): one pass of the decoder over a run of tokens: embed, layers, norm, head.
#pragma once

#include <span>

#include "model/activations.h"
#include "model/kv_cache.h"
#include "model/rope.h"
#include "model/spec.h"
#include "model/weights.h"
#include "ops/context.h"
#include "sotto/tokenizer.h"

namespace sotto::model {

/// What one timeline of tokens needs besides the weights.
struct Timeline {
  KvCache cache;
  Activations activations;
  std::vector<std::vector<double>> rope_frequencies;  // per rope

  /// Errors: out_of_memory.
  static Result<Timeline> make(const ModelSpec& spec, const Weights& weights, const kernels::KernelTable& kernels,
                               const KvShape& shape, size_t n_threads);
};

/// Which positions' logits are wanted: the head is only computed for these.
enum class Outputs : uint8_t { none, last, all };

/// Adds `tokens` (1 .. chunk ids of the vocabulary) at first_position, where KvCache::can_go_on_at() must hold; their keys and
/// values enter the cache. logits: (n_vocab) for last, where only the n_best largest are wanted (0: all) and
/// the others may be -infinity; (n_tokens, n_vocab) for all. After an error the timeline still
/// holds its first first_position tokens. Errors: cancelled, deadline_exceeded, numeric_fault naming the layer.
Status forward(const ops::OpContext& context, const ModelSpec& spec, const Weights& weights, Timeline& timeline,
               std::span<const TokenId> tokens, size_t first_position, Outputs outputs, std::span<float> logits, size_t n_best = 0);

}  // namespace sotto::model
