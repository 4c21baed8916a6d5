#include "generate/score_chunks.h"

#include <algorithm>
#include <cmath>

#include "generate/options.h"
#include "generate/token_timeline.h"

namespace sotto::generate {
namespace {

constexpr size_t kMinContext = 4;
constexpr size_t kMaxLogitsBytes = size_t{64} << 20;
constexpr size_t kMaxPiece = 256;  // tokens computed at once

// One chunk after the other on the same timeline.
class Scorer {
 public:
  static Result<Scorer> make(const Model::Impl& model, const PerplexityOptions& options) {
    const size_t piece = std::clamp<size_t>(kMaxLogitsBytes / sizeof(float) / model.spec.n_vocab, 1, kMaxPiece);
    SOTTO_ASSIGN(auto timeline,
                 TokenTimeline::make(model, {.context = options.context, .cache = options.cache, .prefill_chunk = kMaxPiece}));
    const size_t bytes = piece * (model.spec.n_vocab + 1) * sizeof(float);
    SOTTO_ASSIGN(auto reserved, model.engine->budget.reserve(bytes, "logits to score"));
    SOTTO_ASSIGN(Buffer logits, Buffer::allocate(bytes, "logits to score"));
    return Scorer(model, std::move(timeline), std::move(reserved), std::move(logits), piece);
  }

  /// Sum of -ln p over the second half of `ids`.
  Result<double> score(std::span<const TokenId> ids, const RunControl& control) {
    const size_t first = ids.size() / 2, end = ids.size() - 1;  // positions whose logits predict the next id
    SOTTO_TRY(timeline_.rewind(0));
    SOTTO_TRY(timeline_.append(ids.first(first), control, TokenTimeline::Wanted::nothing));
    double sum = 0;
    std::vector<double> nll(piece_);
    for (size_t at = first; at < end; at += piece_) {
      const size_t n = std::min(piece_, end - at);
      SOTTO_TRY(timeline_.append(ids.subspan(at, n), control, TokenTimeline::Wanted::all_logits, logits_.as<float>()));
      ops::for_each_token(model_->context(control), n, [&](size_t i) { nll[i] = negative_log_likelihood(i, ids[at + i + 1]); });
      for (size_t i = 0; i < n; ++i) sum += nll[i];
    }
    return sum;
  }

 private:
  Scorer(const Model::Impl& model, TokenTimeline timeline, MemoryBudget::Reservation reserved, Buffer logits, size_t piece)
      : model_(&model), timeline_(std::move(timeline)), reserved_(std::move(reserved)), logits_(std::move(logits)), piece_(piece) {}

  double negative_log_likelihood(size_t row, TokenId next) const {
    const size_t n_vocab = model_->spec.n_vocab;
    const float* logits = logits_.as<float>() + row * n_vocab;
    const kernels::KernelTable& kernels = model_->engine->kernels;
    const float largest = kernels.max(logits, n_vocab);
    return std::log(kernels.exp_sum(logits, largest, n_vocab, nullptr)) +
           (static_cast<double>(largest) - static_cast<double>(logits[next]));
  }

  const Model::Impl* model_;
  TokenTimeline timeline_;
  MemoryBudget::Reservation reserved_;
  Buffer logits_;  // (piece, n_vocab)
  size_t piece_;
};

Status check(std::span<const TokenId> ids, const PerplexityOptions& options, const model::ModelSpec& spec) {
  OptionFaults faults;
  if (options.context < kMinContext)
    faults.add("context", std::to_string(options.context), "at least " + std::to_string(kMinContext));
  SOTTO_TRY(faults.status());
  if (ids.size() < options.context)
    return Error{ErrorCode::invalid_argument,
                 "the text has " + std::to_string(ids.size()) + " tokens, one chunk takes " + std::to_string(options.context),
                 "text"};
  return check_tokens(spec, ids);  // the last id of a chunk is predicted, never computed
}

}  // namespace

Result<Perplexity> score_chunks(const Model::Impl& model, std::span<const TokenId> ids, const PerplexityOptions& options) {
  SOTTO_TRY(check(ids, options, model.spec));
  const TraceSpan span(model.engine->trace, "perplexity");
  SOTTO_ASSIGN(Scorer scorer, Scorer::make(model, options));
  const size_t n_whole = ids.size() / options.context, n_chunks = options.chunks ? std::min(options.chunks, n_whole) : n_whole;
  const size_t scored = options.context - 1 - options.context / 2;
  Perplexity result;
  double sum = 0;
  for (size_t i = 0; i < n_chunks; ++i) {
    const TraceSpan chunk_span(model.engine->trace, "chunk", static_cast<int64_t>(i));
    const std::span<const TokenId> chunk = ids.subspan(i * options.context, options.context);
    std::vector<TokenId> tokens(chunk.begin(), chunk.end());
    if (model.tokenizer && model.tokenizer->adds_bos()) tokens.front() = *model.tokenizer->bos();
    SOTTO_ASSIGN(const double nll, scorer.score(tokens, options.control));
    sum += nll;
    result.tokens += scored;
    result.nll_per_chunk.push_back(nll / static_cast<double>(scored));
    result.nll = sum / static_cast<double>(result.tokens);
    result.ppl = std::exp(result.nll);
    if (options.progress) options.progress(i + 1, n_chunks, result.ppl);
  }
  model.engine->pool.park();
  return result;
}

}  // namespace sotto::generate
