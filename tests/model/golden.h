// Golden logits of transformers: /work's shared anchors, folder transformers/. See the README there.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

#include "model/rope.h"
#include "model_test.h"
#include "support/anchors.h"

namespace sotto::model {

/// Folders of the families this version computes.
inline constexpr const char* kGoldenFolders[] = {"llama",
                                                 "llama-gqa-tied",
                                                 "llama-gqa-tied-bf16",
                                                 "llama-gqa-tied-f16",
                                                 "llama-gqa-tied-sharded",
                                                 "llama-bias",
                                                 "llama-rope-llama3",
                                                 "llama-rope-linear",
                                                 "llama-rope-yarn",
                                                 "llama-rope-dynamic",
                                                 "mistral",
                                                 "gpt2",
                                                 "gpt2-bf16",
                                                 "gpt2-f16",
                                                 "gpt2-sharded",
                                                 "qwen2",
                                                 "qwen3",
                                                 "qwen3-bf16",
                                                 "qwen3-f16",
                                                 "qwen3-sharded",
                                                 "gemma3",
                                                 "gemma3-bf16",
                                                 "gemma3-f16",
                                                 "gemma3-sharded"};

struct Golden {
  std::vector<std::vector<TokenId>> prompts;
  std::vector<std::vector<float>> logits;  // per prompt: (n_tokens, n_vocab)
  std::vector<std::vector<TokenId>> greedy;
  std::vector<std::vector<double>> greedy_margins;
  double logits_std = 0;

  explicit Golden(const std::string& folder) {
    const auto json = test::read_json(folder + "/golden.json");
    prompts = json.at("prompts").get<decltype(prompts)>();
    greedy = json.at("greedy").get<decltype(greedy)>();
    greedy_margins = json.at("greedy_margins").get<decltype(greedy_margins)>();
    logits_std = json.at("logits_std").get<double>();
    const size_t n_vocab = json.at("vocab").get<size_t>();
    const std::vector<std::byte> bytes = test::read_bytes(folder + "/logits.f32");
    size_t offset = 0;
    for (const auto& prompt : prompts) {
      auto& rows = logits.emplace_back(prompt.size() * n_vocab);
      if (offset + rows.size() * sizeof(float) > bytes.size()) throw std::runtime_error(folder + "/logits.f32 is too short");
      std::memcpy(rows.data(), bytes.data() + offset, rows.size() * sizeof(float));
      offset += rows.size() * sizeof(float);
    }
  }

  /// Largest distance of logits that count as the same.
  double tolerance() const { return 1e-4 * logits_std; }
};

/// A timeline that computes what the reference did: the models of the -bf16 and -f16 folders were converted whole, so that their
/// rotation frequencies were rounded like the weights.
inline Result<Timeline> golden_timeline(const LoadedModel& model, Machine& machine, const KvShape& shape = kWholeContext) {
  ModelSpec spec = model.spec;
  SOTTO_TRY(round_frequencies(spec, model.plan.embedding_type()));
  return Timeline::make(spec, model.weights, machine.kernels, shape, machine.pool.size());
}

inline Result<std::vector<float>> golden_logits(const LoadedModel& model, Machine& machine, std::span<const TokenId> tokens,
                                                const std::vector<size_t>& runs) {
  SOTTO_ASSIGN(Timeline timeline, golden_timeline(model, machine));
  return logits_on(timeline, model, machine, tokens, runs);
}

/// All three prompts give the golden logits.
inline void expect_golden_logits(const LoadedModel& model, Machine& machine, const Golden& golden) {
  for (size_t i = 0; i < golden.prompts.size(); ++i) {
    const auto& tokens = golden.prompts[i];
    const auto logits = golden_logits(model, machine, tokens, {tokens.size()});
    ASSERT_TRUE(logits) << text_of(logits);
    EXPECT_LE(largest_difference(*logits, golden.logits[i]), golden.tolerance()) << "prompt " << i;
  }
}

}  // namespace sotto::model
