// What the tests of models share: a loaded model, and its logits for a list of tokens, cut into pieces as one likes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "formats/registry.h"
#include "kernels/dispatch.h"
#include "model/forward.h"
#include "support/results.h"

namespace sotto::model {

inline const kernels::KernelTable& best_kernels() {
  return kernels::best_table(cpu_features());
}

/// Threads, and how operations run on them.
struct Machine {
  ThreadPool pool;
  RunControl control{};
  const kernels::KernelTable& kernels;
  bool float_activations = true;

  explicit Machine(size_t n_threads = 1, const kernels::KernelTable& table = best_kernels()) : pool(n_threads), kernels(table) {}
  ops::OpContext context() {
    return {kernels, pool, control, nullptr, float_activations ? ops::ActivationWidth::f32 : ops::ActivationWidth::by_type};
  }
};

struct LoadedModel {
  formats::ModelFile file;
  ModelSpec spec;
  WeightsPlan plan;
  Weights weights;
};

inline Result<LoadedModel> load(formats::ModelFile file, Machine& machine,
                                const WeightPolicy& policy = {.keep = true, .type = {}}) {
  LoadedModel model{std::move(file), {}, {}, {}};
  SOTTO_ASSIGN(model.spec, read_spec(model.file));
  SOTTO_ASSIGN(model.plan, plan_weights(model.file, model.spec, machine.kernels, policy));
  SOTTO_ASSIGN(model.weights, load_weights(model.file, model.spec, model.plan, machine.context(), {}));
  return model;
}

inline Result<formats::ModelFile> read_bytes_of(std::vector<std::byte> bytes) {
  return formats::read_model(memory_source(std::move(bytes), "test"), {});
}

/// The lengths that cut n tokens into runs of `piece`.
inline std::vector<size_t> runs_of(size_t n, size_t piece) {
  std::vector<size_t> runs(n / piece, piece);
  if (n % piece != 0) runs.push_back(n % piece);
  return runs;
}

inline constexpr KvShape kWholeContext{.context = 128, .chunk = 64, .type = kernels::KvType::f32};

inline Result<Timeline> timeline_of(const LoadedModel& model, Machine& machine, const KvShape& shape = kWholeContext) {
  return Timeline::make(model.spec, model.weights, machine.kernels, shape, machine.pool.size());
}

/// Logits of all positions of `tokens` on an empty timeline: (n_tokens, n_vocab).
inline Result<std::vector<float>> logits_on(Timeline& timeline, const LoadedModel& model, Machine& machine,
                                            std::span<const TokenId> tokens, const std::vector<size_t>& runs) {
  std::vector<float> logits(tokens.size() * model.spec.n_vocab);
  size_t first = 0;
  for (const size_t n : runs) {
    const auto out = std::span(logits).subspan(first * model.spec.n_vocab, n * model.spec.n_vocab);
    SOTTO_TRY(forward(machine.context(), model.spec, model.weights, timeline, tokens.subspan(first, n), first, Outputs::all, out));
    first += n;
  }
  return logits;
}
inline Result<std::vector<float>> logits_of(const LoadedModel& model, Machine& machine, std::span<const TokenId> tokens,
                                            const std::vector<size_t>& runs, const KvShape& shape = kWholeContext) {
  SOTTO_ASSIGN(Timeline timeline, timeline_of(model, machine, shape));
  return logits_on(timeline, model, machine, tokens, runs);
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::fabs(double{a[i]} - double{b[i]});
    if (!(difference <= largest)) largest = difference;  // NaN is large
  }
  return largest;
}

/// Root mean square of the differences.
inline double mean_difference(std::span<const float> a, std::span<const float> b) {
  double sum = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return std::sqrt(sum / static_cast<double>(std::max<size_t>(a.size(), 1)));
}

inline std::vector<TokenId> some_tokens(size_t n, size_t n_vocab) {
  std::vector<TokenId> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<TokenId>((i * i * 7 + i * 31 + 5) % n_vocab);
  return tokens;
}

using test::text_of;

}  // namespace sotto::model
