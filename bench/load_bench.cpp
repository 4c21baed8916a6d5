// load/MODEL/THREADS: opening a real model until it can answer: reading, packing, warm-up; inspect/MODEL: its headers alone.
#include <benchmark/benchmark.h>

#include "cached_models.h"
#include "sotto/sotto.h"
#include "targets.h"

namespace sotto::bench {
namespace {

void load(benchmark::State& state, const CachedModel& model, size_t n_threads) {
  const auto engine = Engine::make({.threads = n_threads});
  if (!engine) return state.SkipWithError(engine.error().message.c_str());
  uint64_t bytes = 0;
  for (auto _ : state) {
    const auto opened = Model::open(model.path(), {}, *engine);
    if (!opened) return state.SkipWithError(opened.error().message.c_str());
    bytes = opened->memory().weights_bytes;
  }
  set_rate(state, "B/s", static_cast<double>(bytes));
}

void inspect_model(benchmark::State& state, const CachedModel& model) {
  for (auto _ : state)
    if (const auto inspection = inspect(model.path()); !inspection) return state.SkipWithError(inspection.error().message.c_str());
}

const int registered = [] {
  for (const CachedModel& model : kCachedModels) {
    for (const size_t n_threads : {1, 2})
      benchmark::RegisterBenchmark(("load/" + std::string(model.name) + "/" + std::to_string(n_threads)).c_str(), load, model,
                                   n_threads)
          ->UseRealTime();
    benchmark::RegisterBenchmark(("inspect/" + std::string(model.name)).c_str(), inspect_model, model);
  }
  return 0;
}();

}  // namespace
}  // namespace sotto::bench
