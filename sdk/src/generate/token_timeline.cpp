#include "generate/token_timeline.h"

#include <algorithm>

namespace sotto::generate {
namespace {

constexpr size_t kDefaultContext = 4096;

static_assert(static_cast<int>(CacheType::f32) == static_cast<int>(kernels::KvType::f32) &&
              static_cast<int>(CacheType::f16) == static_cast<int>(kernels::KvType::f16) &&
              static_cast<int>(CacheType::q8_0) == static_cast<int>(kernels::KvType::q8_0));

size_t logits_bytes(const model::ModelSpec& spec) noexcept {
  return spec.n_vocab * sizeof(float);
}

}  // namespace

Result<model::KvShape> session_shape(const model::ModelSpec& spec, const SessionOptions& options) {
  SOTTO_TRY(options.validate());
  const size_t context = options.context ? options.context : std::min(spec.max_context, kDefaultContext);
  if (spec.positions == model::PositionKind::learned && context > spec.max_context)
    return Error{
        ErrorCode::invalid_argument,
        "context is " + std::to_string(context) + ", but the model has only " + std::to_string(spec.max_context) + " positions",
        "context"};
  return model::KvShape{context, std::min(options.prefill_chunk, context), static_cast<kernels::KvType>(options.cache)};
}

MemoryUsage session_memory(const model::ModelSpec& spec, const model::KvShape& shape, const Engine::Impl& engine) noexcept {
  return {.kv_bytes = model::kv_cache_bytes(spec, shape),
          .scratch_bytes = model::Activations::bytes_needed(spec, engine.kernels, shape, engine.pool.size()) + logits_bytes(spec) +
                           uint64_t{shape.context} * sizeof(TokenId)};
}

Status check_tokens(const model::ModelSpec& spec, std::span<const TokenId> tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= 0 && static_cast<size_t>(tokens[i]) < spec.n_vocab) continue;
    return Error{ErrorCode::invalid_argument,
                 "token " + std::to_string(i) + " is " + std::to_string(tokens[i]) + ", outside the model's vocabulary of " +
                     std::to_string(spec.n_vocab),
                 "tokens"};
  }
  return {};
}

Result<TokenTimeline> TokenTimeline::make(const Model::Impl& model, const SessionOptions& options) {
  SOTTO_ASSIGN(const model::KvShape shape, session_shape(model.spec, options));
  return make(model, shape);
}

Result<TokenTimeline> TokenTimeline::make(const Model::Impl& model, const model::KvShape& shape) {
  Engine::Impl& engine = *model.engine;
  SOTTO_ASSIGN(auto reserved, engine.budget.reserve(session_memory(model.spec, shape, engine).total_bytes(), "a session"));
  SOTTO_ASSIGN(auto timeline, model::Timeline::make(model.spec, model.weights, engine.kernels, shape, engine.pool.size()));
  SOTTO_ASSIGN(Buffer logits, Buffer::allocate(logits_bytes(model.spec), "logits"));
  return TokenTimeline(model, shape, std::move(reserved), std::move(timeline), std::move(logits));
}

TokenTimeline::TokenTimeline(const Model::Impl& model, const model::KvShape& shape, MemoryBudget::Reservation reserved,
                             model::Timeline computed, Buffer logits)
    : model_(&model), shape_(shape), reserved_(std::move(reserved)), timeline_(std::move(computed)), logits_(std::move(logits)) {
  tokens_.reserve(shape.context);
}

Status TokenTimeline::check(std::span<const TokenId> tokens) const {
  SOTTO_TRY(check_tokens(model_->spec, tokens));
  if (tokens.size() > shape_.context - tokens_.size())
    return Error{ErrorCode::context_overflow,
                 std::to_string(tokens.size()) + " tokens after " + std::to_string(tokens_.size()) +
                     " do not fit in a context of " + std::to_string(shape_.context),
                 "tokens"};
  return {};
}

Status TokenTimeline::append(std::span<const TokenId> tokens, const RunControl& control, Wanted wanted, float* out, size_t n_best) {
  SOTTO_TRY(check(tokens));
  const size_t n_held = tokens_.size();
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  Status status = compute(n_held, control, wanted, out, n_best);
  if (!status) keep(n_held);
  return status;
}

Status TokenTimeline::compute(size_t n_held, const RunControl& control, Wanted wanted, float* out, size_t n_best) {
  using model::Outputs;
  const ops::OpContext context = model_->context(control);
  const size_t n_vocab = model_->spec.n_vocab;
  SOTTO_TRY(control.check());
  while (computed_ < tokens_.size()) {
    // The logits of held tokens that are computed again are not wanted.
    const bool all = wanted == Wanted::all_logits && computed_ >= n_held;
    const size_t end = wanted == Wanted::all_logits && !all ? n_held : tokens_.size();
    const size_t n = std::min(shape_.chunk, end - computed_);
    const bool last = wanted == Wanted::last_logits && computed_ + n == tokens_.size();
    const std::span<float> into = all    ? std::span(out + (computed_ - n_held) * n_vocab, n * n_vocab)
                                  : last ? logits()
                                         : std::span<float>();
    SOTTO_TRY(model::forward(context, model_->spec, model_->weights, timeline_, std::span(tokens_).subspan(computed_, n), computed_,
                             all    ? Outputs::all
                             : last ? Outputs::last
                                    : Outputs::none,
                             into, n_best));
    computed_ += n;
  }
  return {};
}

void TokenTimeline::keep(size_t n) {
  tokens_.resize(n);
  computed_ = std::min(computed_, n);
  if (!timeline_.cache.can_go_on_at(computed_)) computed_ = 0;
}

Status TokenTimeline::rewind(size_t n) {
  if (n > tokens_.size())
    return Error{ErrorCode::invalid_argument,
                 "cannot keep " + std::to_string(n) + " tokens, the session holds " + std::to_string(tokens_.size()), "n_tokens"};
  keep(n);
  return {};
}

Result<TokenTimeline> TokenTimeline::fork() const {
  SOTTO_ASSIGN(TokenTimeline copy, make(*model_, shape_));
  copy.tokens_.assign(tokens_.begin(), tokens_.end());
  copy.computed_ = computed_;
  copy.timeline_.cache.copy_from(timeline_.cache);
  return copy;
}

MemoryUsage TokenTimeline::memory() const noexcept {
  return {.kv_bytes = timeline_.cache.bytes(),
          .scratch_bytes = timeline_.activations.bytes() + logits_.size() + tokens_.capacity() * sizeof(TokenId)};
}

}  // namespace sotto::generate
