// ModelLoad: a ModelFile becomes a Model::Impl: spec, tokenizer, chat template, weights, and one pass through all of it so that the
// first token is not slower than the second; in one go (load_model) or as the file's bytes arrive.
#pragma once

#include <chrono>

#include "generate/model_impl.h"

namespace sotto::generate {

/// Numbers in all tensors, and the family's name as the file has it (empty: it has none).
uint64_t n_parameters(const formats::ModelFile& file) noexcept;
std::string architecture_name(const formats::ModelFile& file);

class ModelLoad {
 public:
  using Clock = std::chrono::steady_clock;

  /// Everything but the weights: all that needs the texts of `file`, which are let go of. `file` must outlive the load. Errors: as
  /// Model::open.
  static Result<ModelLoad> begin(formats::ModelFile& file, const ModelOptions& options, std::shared_ptr<Engine::Impl> engine,
                                 Clock::time_point started);

  /// What the model and one session will hold. Errors: as Model::new_session.
  Result<MemoryUsage> plan(const SessionOptions& session) const;

  /// Takes the memory, the first time, and packs what has arrived. Errors: as WeightsLoader.
  Status advance(model::WeightsLoader::Arrived arrived);
  const model::WeightsLoader& weights() const noexcept { return weights_; }

  /// When the weights need nothing any more. Errors: cancelled, deadline_exceeded.
  Result<std::shared_ptr<const Model::Impl>> finish();

 private:
  ModelLoad(const ModelOptions& options, Clock::time_point started)
      : options_(options), control_{options.cancel, options.deadline}, started_(started) {}

  ModelOptions options_;
  RunControl control_;
  Clock::time_point started_;
  std::shared_ptr<Model::Impl> model_;
  model::WeightsLoader weights_;
  bool has_memory_ = false;
};

/// `read` gives the file; its time is part of the load. Errors: as Model::open.
Result<std::shared_ptr<const Model::Impl>> load_model(FunctionRef<Result<formats::ModelFile>()> read, const ModelOptions& options,
                                                      std::shared_ptr<Engine::Impl> engine);

}  // namespace sotto::generate
