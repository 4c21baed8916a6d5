#include "sotto/perplexity.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "file.h"
#include "interrupt.h"
#include "model_args.h"
#include "output.h"

namespace sotto::cli {
namespace {

struct PerplexityArgs {
  ModelArgs model;
  std::string file, trace;
  size_t context = PerplexityOptions().context, chunks = 0;
};

Status measure(PerplexityArgs& args, const CommonOptions& common, Trace& trace) {
  SOTTO_TRY(check(args.model));
  SOTTO_ASSIGN(const std::string text, read_file(args.file));
  const Interrupt interrupt;
  SOTTO_ASSIGN(const Engine engine, trace.make_engine(common.engine));
  SOTTO_ASSIGN(const Model model, open_model(args.model, common, engine, interrupt.token()));
  Progress progress("scoring", common);
  const PerplexityOptions options{
      .context = args.context,
      .chunks = args.chunks,
      .cache = args.model.session.cache,
      .progress = [&](size_t done, size_t n,
                      double ppl) { progress.update(done, n, "of the chunks, ppl so far " + fixed(ppl, 4)); },
      .control = {.cancel = interrupt.token(), .deadline = {}}};
  SOTTO_ASSIGN(const Perplexity result, perplexity(model, text, options));
  if (!common.json) return print(fixed(result.ppl, 4) + "\n");
  return print_json({{"ppl", result.ppl}, {"nll", result.nll}, {"tokens", result.tokens}, {"nll_per_chunk", result.nll_per_chunk}});
}

}  // namespace

Action declare_perplexity(CLI::App& app) {
  const auto args = std::make_shared<PerplexityArgs>();
  add_model_name(app, args->model.name);
  app.add_option("FILE", args->file, "a text; - reads stdin")->required();
  app.add_option("--context", args->context, "tokens of a chunk; the second half of each is scored")->capture_default_str();
  app.add_option("--chunks", args->chunks, "how many; 0: all");
  app.add_option("--kv", args->model.kv, "number format of the key/value cache: f16, f32 or q8_0");
  add_load_options(app, args->model);
  add_trace_option(app, args->trace);
  return [args](const CommonOptions& common) {
    Trace trace(args->trace);
    return trace.finish(measure(*args, common, trace));
  };
}

}  // namespace sotto::cli
