// sample/CHAIN/VOCABULARY: from logits to a token on one thread, on the best target.
#include <cmath>
#include <vector>

#include "sampling/sampler.h"
#include "targets.h"

namespace sotto::bench {
namespace {

void sample(benchmark::State& state, const GenerationOptions& options, size_t n_vocab) {
  auto sampler = sampling::Sampler::make(options, n_vocab, kernels::best_table(cpu_features()));
  if (!sampler) return state.SkipWithError(sampler.error().message.c_str());
  std::vector<float> logits(n_vocab), spoilt(n_vocab);
  uint32_t random = 7;
  const auto uniform = [&] { return static_cast<float>((random = random * 1664525u + 1013904223u) >> 8) / 16777216.0f; };
  // About normal with a deviation of 3, as logits of models are.
  for (float& x : logits) x = 3.0f * std::sqrt(-2.0f * std::log(uniform() + 1e-7f)) * std::cos(6.2831853f * uniform());
  std::vector<TokenId> history(256);
  for (size_t i = 0; i < history.size(); ++i) history[i] = static_cast<TokenId>(i * 37 % n_vocab);
  for (auto _ : state) {
    state.PauseTiming();
    spoilt = logits;
    state.ResumeTiming();
    benchmark::DoNotOptimize(sampler->sample(spoilt, history));
  }
  set_rate(state, "logits/s", static_cast<double>(n_vocab));
}

const int registered = [] {
  GenerationOptions greedy;
  greedy.temperature = 0;
  GenerationOptions plain = greedy;
  plain.temperature = 0.8f;
  plain.top_k = 0;
  plain.top_p = 1;
  plain.seed = 1;
  GenerationOptions top_k = plain;
  top_k.top_k = 40;
  GenerationOptions top_k_top_p = top_k;
  top_k_top_p.top_p = 0.95f;
  GenerationOptions top_p = plain;
  top_p.top_p = 0.95f;
  GenerationOptions penalties = top_k_top_p;
  penalties.repeat_penalty = 1.1f;
  penalties.frequency_penalty = 0.2f;
  const std::pair<const char*, GenerationOptions> chains[] = {{"argmax", greedy}, {"categorical", plain},
                                                              {"top_k", top_k},   {"top_k_top_p", top_k_top_p},
                                                              {"top_p", top_p},   {"penalties_top_k_top_p", penalties}};
  for (const auto& [name, options] : chains)
    for (const size_t n_vocab : {49152, 262144})
      benchmark::RegisterBenchmark(("sample/" + std::string(name) + "/" + std::to_string(n_vocab)).c_str(), sample, options,
                                   n_vocab);
  return 0;
}();

}  // namespace
}  // namespace sotto::bench
