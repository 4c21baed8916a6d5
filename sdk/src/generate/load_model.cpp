#include "generate/load_model.h"

#include <algorithm>
#include <chrono>

#include "generate/chat_prompt.h"
#include "generate/options.h"
#include "generate/token_timeline.h"
#include "text/chat_template_source.h"
#include "text/make_tokenizer.h"

namespace sotto::generate {
namespace {

using formats::ModelFile;

Status load_tokenizer(const ModelFile& file, const ModelOptions& options, Model::Impl& model) {
  Result<Tokenizer> tokenizer = text::make_tokenizer(file, {.guess_pre_tokenizer = options.guess_pre_tokenizer});
  if (!tokenizer) {
    if (options.tokenizer_required || tokenizer.error().code != ErrorCode::not_found) return std::move(tokenizer).error();
    model.warnings.push_back("the model has no tokenizer: only ids can be given to it");
    return {};
  }
  model.warnings.insert(model.warnings.end(), tokenizer->warnings().begin(), tokenizer->warnings().end());
  model.control_spellings = control_spellings(*tokenizer);
  model.tokenizer = std::move(*tokenizer);
  return {};
}

// A template that cannot be used does not keep a model from being opened: plain texts work without.
void load_chat_template(const ModelFile& file, Model::Impl& model) {
  if (!model.tokenizer) return;
  Result<std::string> source = text::chat_template_source(file);
  if (source && source->empty()) {
    model.warnings.push_back("the model has no chat template: conversations are given to it as plain text");
    return;
  }
  Result<ChatTemplate> parsed = source ? ChatTemplate::parse(std::move(*source)) : Result<ChatTemplate>(std::move(source).error());
  if (parsed) {
    model.chat_template = std::move(*parsed);
    return;
  }
  model.template_error = std::move(parsed).error();
  model.warnings.push_back("the model's chat template cannot be used: " + model.template_error->message);
}

ModelInfo describe(const ModelFile& file, const model::ModelSpec& spec) {
  ModelInfo info;
  info.architecture = architecture_name(file);
  info.name = file.metadata.string("general.name").value_or("");
  info.parameters = n_parameters(file);
  info.n_layers = spec.n_layers;
  info.dim = spec.dim;
  info.n_heads = spec.n_heads;
  info.n_kv_heads = spec.n_kv_heads;
  info.head_dim = spec.head_dim;
  info.ffn_dim = spec.ffn_dim;
  info.n_vocab = spec.n_vocab;
  info.max_context = spec.max_context;
  info.largest_window = spec.max_window();
  return info;
}

// A tile of tokens and a single one: pages of weights are touched, threads have started, and in a page the kernels are compiled.
// More tokens would only take longer: the time to the first answer has the warm-up in it.
Status warm_up(const Model::Impl& model, const RunControl& control) {
  constexpr size_t kTile = 8;
  const TraceSpan span(model.engine->trace, "warm-up");
  const size_t context = std::min(kTile + 1, model.spec.max_context);
  auto timeline = TokenTimeline::make(model, SessionOptions{.context = context, .prefill_chunk = kTile});
  Status status = timeline ? Status() : Status(std::move(timeline).error());
  if (status) status = timeline->append(std::vector<TokenId>(context - 1), control, TokenTimeline::Wanted::nothing);
  if (status) status = timeline->append(std::vector<TokenId>(1), control, TokenTimeline::Wanted::last_logits);
  model.engine->pool.park();
  // What else can go wrong (no memory for it, a model that computes infinities) is for the session that meets it.
  return status ? Status() : control.check();
}

}  // namespace

uint64_t n_parameters(const ModelFile& file) noexcept {
  uint64_t sum = 0;
  for (const formats::TensorEntry& tensor : file.tensors) {
    uint64_t n = 1;
    for (const uint64_t extent : tensor.shape) n *= extent;
    sum += n;
  }
  return sum;
}

std::string architecture_name(const ModelFile& file) {
  return file.metadata.string(file.naming == formats::Naming::gguf ? "general.architecture" : "model_type").value_or("");
}

Result<ModelLoad> ModelLoad::begin(ModelFile& file, const ModelOptions& options, std::shared_ptr<Engine::Impl> engine,
                                   Clock::time_point started) {
  ModelLoad load(options, started);
  SOTTO_TRY(options.validate());
  SOTTO_ASSIGN(const model::WeightPolicy policy, weight_policy(options));
  SOTTO_TRY(load.control_.check());
  load.model_ = std::make_shared<Model::Impl>();
  Model::Impl& model = *load.model_;
  model.engine = std::move(engine);
  model.activations = *activation_width(options.activations);
  SOTTO_ASSIGN(model.spec, model::read_spec(file));
  SOTTO_ASSIGN(model::WeightsPlan plan, model::plan_weights(file, model.spec, model.engine->kernels, policy));
  if (options.round_rope) SOTTO_TRY(model::round_frequencies(model.spec, plan.embedding_type()));
  SOTTO_TRY(load.control_.check());
  SOTTO_TRY(load_tokenizer(file, options, model));
  load_chat_template(file, model);
  model.info = describe(file, model.spec);
  file.let_go_of_texts();
  load.weights_ = model::WeightsLoader(file, model.spec, std::move(plan));
  SOTTO_TRY(load.control_.check());
  return load;
}

Result<MemoryUsage> ModelLoad::plan(const SessionOptions& session) const {
  SOTTO_ASSIGN(const model::KvShape shape, session_shape(model_->spec, session));
  MemoryUsage usage = session_memory(model_->spec, shape, *model_->engine);
  usage.weights_bytes = weights_.planned_bytes();
  usage.tokenizer_bytes = model_->tokenizer_bytes();
  return usage;
}

Status ModelLoad::advance(model::WeightsLoader::Arrived arrived) {
  if (!has_memory_) {
    const uint64_t bytes = weights_.planned_bytes() + model_->tokenizer_bytes();
    SOTTO_ASSIGN(model_->reserved, model_->engine->budget.reserve(bytes, "the model"));
    SOTTO_TRY(weights_.allocate());
    has_memory_ = true;
  }
  return weights_.advance(model_->context(control_), arrived, options_.progress);
}

Result<std::shared_ptr<const Model::Impl>> ModelLoad::finish() {
  model_->weights = weights_.take();
  model_->info.decode_bytes = model_->weights.decode_bytes();
  if (options_.warm_up) SOTTO_TRY(warm_up(*model_, control_));
  model_->info.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - started_).count();
  return std::shared_ptr<const Model::Impl>(std::move(model_));
}

Result<std::shared_ptr<const Model::Impl>> load_model(FunctionRef<Result<ModelFile>()> read, const ModelOptions& options,
                                                      std::shared_ptr<Engine::Impl> engine) {
  const auto started = ModelLoad::Clock::now();
  TraceRecorder* const trace = engine->trace;
  const TraceSpan span(trace, "load");
  SOTTO_TRY(options.validate());
  ModelFile file;
  std::optional<ModelLoad> load;
  {
    const TraceSpan reading(trace, "read");
    SOTTO_ASSIGN(file, read());
    SOTTO_ASSIGN(load, ModelLoad::begin(file, options, std::move(engine), started));
  }
  SOTTO_TRY(load->advance([&](uint32_t source) { return file.sources[source]->size(); }));
  return load->finish();
}

}  // namespace sotto::generate
