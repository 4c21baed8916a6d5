// load_model: a ModelFile becomes a Model::Impl: spec, tokenizer, chat template, weights, and one pass through all of it so that
// the first token is not slower than the second. plan_memory says what load_model and a session will hold.
#pragma once

#include "generate/model_impl.h"

namespace sotto::generate {

/// Numbers in all tensors, and the family's name as the file has it (empty: it has none).
uint64_t n_parameters(const formats::ModelFile& file) noexcept;
std::string architecture_name(const formats::ModelFile& file);

/// `read` gives the file; its time is part of the load. Errors: as Model::open.
Result<std::shared_ptr<const Model::Impl>> load_model(FunctionRef<Result<formats::ModelFile>()> read, const ModelOptions& options,
                                                      std::shared_ptr<Engine::Impl> engine);

/// Reads no weight. Errors: as load_model and Model::new_session.
Result<MemoryUsage> plan_memory(const formats::ModelFile& file, const ModelOptions& options, const SessionOptions& session,
                                const Engine::Impl& engine);

}  // namespace sotto::generate
