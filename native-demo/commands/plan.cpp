#include <CLI/CLI.hpp>
#include <memory>

#include "model_args.h"
#include "result_json.h"

namespace sotto::cli {
namespace {

std::string row(const char* name, uint64_t bytes) {
  return name + std::to_string(bytes) + " bytes (" + readable_bytes(bytes) + ")\n";
}

Status plan(ModelArgs& args, const CommonOptions& common) {
  SOTTO_TRY(check(args));
  SOTTO_ASSIGN(const std::string path, find_model(args.name));
  SOTTO_ASSIGN(const Engine engine, Engine::make(common.engine));
  args.model.tokenizer_required = false;
  SOTTO_ASSIGN(const MemoryUsage memory, sotto::plan(path, args.model, args.session, engine));
  if (!common.json)
    return print(row("weights   ", memory.weights_bytes) + row("tokenizer ", memory.tokenizer_bytes) +
                 row("kv        ", memory.kv_bytes) + row("scratch   ", memory.scratch_bytes) +
                 row("total     ", memory.total_bytes()));
  Json json = json_of(memory);
  json["total_bytes"] = memory.total_bytes();
  return print_json(json);
}

}  // namespace

Action declare_plan(CLI::App& app) {
  const auto args = std::make_shared<ModelArgs>();
  add_model_name(app, args->name);
  add_load_options(app, *args);
  add_session_options(app, *args);
  return [args](const CommonOptions& common) { return plan(*args, common); };
}

}  // namespace sotto::cli
