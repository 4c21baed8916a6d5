// perplexity: how well a model predicts a text, by the rule of llama.cpp's tool: the text is cut in chunks of the context, the
// second half of each is scored, and the first id of each chunk is replaced by BOS where the model adds one to texts.
#pragma once

#include "sotto/model.h"

namespace sotto {

struct PerplexityOptions {
  size_t context = 512;  // tokens of a chunk, at least 4
  size_t chunks = 0;     // 0: all whole ones
  CacheType cache = CacheType::f16;
  std::function<void(size_t done_chunks, size_t n_chunks, double ppl_so_far)> progress{};
  RunControl control{};
};

struct Perplexity {
  std::vector<double> nll_per_chunk;  // mean negative log-likelihood of the scored tokens of each chunk
  size_t tokens = 0;                  // scored
  double nll = 0;                     // mean over all scored tokens
  double ppl = 0;                     // exp(nll)
};

/// Errors: invalid_argument when the text is shorter than one chunk, and as Session::append.
Result<Perplexity> perplexity(const Model& model, std::string_view text, const PerplexityOptions& options = {});
Result<Perplexity> perplexity(const Model& model, std::span<const TokenId> ids, const PerplexityOptions& options = {});

}  // namespace sotto
