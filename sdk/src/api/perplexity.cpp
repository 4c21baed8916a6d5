#include "sotto/perplexity.h"

#include "generate/score_chunks.h"

namespace sotto {

Result<Perplexity> perplexity(const Model& model, std::string_view text, const PerplexityOptions& options) {
  if (!model.tokenizer())
    return Error{ErrorCode::unsupported, "the model has no tokenizer: give it ids in place of text", "tokenizer"};
  SOTTO_ASSIGN(const auto ids, model.tokenizer()->encode(text));
  return perplexity(model, ids, options);
}

Result<Perplexity> perplexity(const Model& model, std::span<const TokenId> ids, const PerplexityOptions& options) {
  return generate::score_chunks(*model.impl(), ids, options);
}

}  // namespace sotto
