// score_chunks: the negative log-likelihood of a text, chunk by chunk. Logits exist for the scored positions only, a few of them at
// a time.
#pragma once

#include "generate/model_impl.h"
#include "sotto/perplexity.h"

namespace sotto::generate {

/// Errors: as perplexity().
Result<Perplexity> score_chunks(const Model::Impl& model, std::span<const TokenId> ids, const PerplexityOptions& options);

}  // namespace sotto::generate
