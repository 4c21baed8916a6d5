#include "formats/registry.h"
#include "generate/inspection.h"
#include "generate/load_model.h"

namespace sotto {

Result<Inspection> inspect(const std::string& path) {
  SOTTO_ASSIGN(const formats::ModelFile file, formats::read_model(path));
  return generate::inspect(file);
}

Result<MemoryUsage> plan(const std::string& path, const ModelOptions& options, const SessionOptions& session,
                         const Engine& engine) {
  SOTTO_ASSIGN(formats::ModelFile file, formats::read_model(path));
  SOTTO_ASSIGN(const auto load, generate::ModelLoad::begin(file, options, engine.impl(), generate::ModelLoad::Clock::now()));
  return load.plan(session);
}

}  // namespace sotto
