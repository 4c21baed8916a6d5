#include "model_args.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "catalogue.h"
#include "file.h"
#include "output.h"
#include "pull.h"

namespace sotto::cli {
namespace {

struct CacheName {
  std::string_view name;
  CacheType type;
};
constexpr CacheName kCacheTypes[] = {{"f16", CacheType::f16}, {"f32", CacheType::f32}, {"q8_0", CacheType::q8_0}};

bool is_remote(std::string_view name) {
  return name.starts_with("hf:") || name.starts_with("http://") || name.starts_with("https://") ||
         find_in_catalogue(name) != nullptr;
}

}  // namespace

void add_model_name(CLI::App& app, std::string& name) {
  app.add_option("MODEL", name,
                 "a .gguf or .safetensors file, a Hugging Face folder, hf:owner/repo[/file][:quant], or a name of the catalogue")
      ->required();
}

void add_load_options(CLI::App& app, ModelArgs& args) {
  app.add_flag(
      "--screen-head,!--no-screen-head", args.model.screen_head,
      "read a head that is most of the weights in 4 bits, and whole only what can be the best: faster, the same tokens (default)");
  app.add_option("--quantize", args.model.quantize,
                 "how matrices are kept: auto (F32 becomes q8_0), none (as in the file), or a type, such as q8_0");
  app.add_option("--activations", args.model.activations,
                 "auto; i16: rounded to 16 bits, nearer to the reference, slower; or f32: not rounded, the reference");
  app.add_flag("--round-rope", args.model.round_rope,
               "round rotation frequencies to the type of the weights, as PyTorch's model.to(dtype) does");
}

void add_session_options(CLI::App& app, ModelArgs& args) {
  app.add_option("--context", args.session.context,
                 "tokens a session can hold; 0: as many as the model was made for, at most 4096");
  app.add_option("--kv", args.kv, "number format of the key/value cache: f16, f32 or q8_0");
}

void add_trace_option(CLI::App& app, std::string& path) {
  app.add_option("--trace", path, "write spans of time to this file, in the Trace Event Format (chrome://tracing, Perfetto)");
}

Result<std::string> find_model(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::exists(name, ignored)) return name;
  if (is_remote(name)) return find_cached(name, default_cache_folder());
  std::string names;
  for (const CatalogueEntry& entry : catalogue()) names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return Error{ErrorCode::not_found, "'" + name + "' is no file or folder, and no name of the catalogue (" + names + ")", name};
}

Status check(ModelArgs& args) {
  SOTTO_TRY(args.model.validate());
  SOTTO_TRY(args.session.validate());
  for (const CacheName& row : kCacheTypes)
    if (row.name == args.kv) {
      args.session.cache = row.type;
      return {};
    }
  return Error{ErrorCode::invalid_argument, "kv is '" + args.kv + "', wanted f16, f32 or q8_0", "kv"};
}

Result<Model> open_model(const ModelArgs& args, const CommonOptions& common, const Engine& engine, const CancelToken& cancel) {
  SOTTO_ASSIGN(const std::string path, find_model(args.name));
  const auto open = [&] {
    Progress progress("loading", common);
    ModelOptions options = args.model;
    options.cancel = cancel;
    options.progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); };
    return Model::open(path, options, engine);
  };
  auto model = open();
  if (model)
    for (const std::string& warning : model->warnings()) warn(common, warning);
  return model;
}

Result<Engine> Trace::make_engine(EngineOptions options) {
  if (!path_.empty()) options.trace = &recorder_;
  return Engine::make(options);
}

Status Trace::finish(Status done) const {
  if (path_.empty()) return done;
  Status written = write_file(path_, recorder_.chrome_json());
  return done ? std::move(written) : std::move(done);
}

}  // namespace sotto::cli
