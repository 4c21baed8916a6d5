// encode/MODEL, decode/MODEL: a text of 1.29 MB (anchors/text) with the vocabularies of the real models, on one thread.
#include <fstream>
#include <sstream>

#include "cached_models.h"
#include "sotto/sotto.h"
#include "targets.h"

namespace sotto::bench {
namespace {

// The tests' build unpacks it; the first 1.29 MB of anything else would do for one's own comparisons.
std::string text() {
  std::ifstream file(SOTTO_BENCH_TEXT, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

template <class Work>
void with_tokenizer(benchmark::State& state, const CachedModel& model, Work work) {
  const auto tokenizer = Tokenizer::open(model.path());
  if (!tokenizer) return state.SkipWithError(tokenizer.error().message.c_str());
  const std::string input = text();
  if (input.empty()) return state.SkipWithError("no text at " SOTTO_BENCH_TEXT);
  work(*tokenizer, input);
  set_rate(state, "B/s", static_cast<double>(input.size()));
}

void encode(benchmark::State& state, const CachedModel& model) {
  with_tokenizer(state, model, [&](const Tokenizer& tokenizer, const std::string& input) {
    for (auto _ : state) benchmark::DoNotOptimize(tokenizer.encode(input));
  });
}

void decode(benchmark::State& state, const CachedModel& model) {
  with_tokenizer(state, model, [&](const Tokenizer& tokenizer, const std::string& input) {
    const auto ids = tokenizer.encode(input);
    for (auto _ : state) benchmark::DoNotOptimize(tokenizer.decode(*ids));
  });
}

const int registered = [] {
  for (const CachedModel& model : kCachedModels) {
    benchmark::RegisterBenchmark(("encode/" + std::string(model.name)).c_str(), encode, model);
    benchmark::RegisterBenchmark(("decode/" + std::string(model.name)).c_str(), decode, model);
  }
  return 0;
}();

}  // namespace
}  // namespace sotto::bench
