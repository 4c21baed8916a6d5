// Golden logits of transformers: /work's shared anchors, folder transformers/. See the README there.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

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

/// A timeline that computes what the reference did. In the -bf16 and -f16 folders its rotation frequencies were rounded like the
/// weights: with exact ones the golden logits are missed by 3e-3 to 5e-2 of logits_std, with rounded ones by 6e-6. The engine keeps
/// them exact.
inline Result<Timeline> golden_timeline(const LoadedModel& model, Machine& machine, const KvShape& shape = kWholeContext) {
  SOTTO_ASSIGN(Timeline timeline, timeline_of(model, machine, shape));
  const quant::TypeInfo& stored = quant::info(model.plan.items.at(0).tensor->type);
  for (std::vector<double>& frequencies : timeline.rope_frequencies)
    for (double& frequency : frequencies) {
      if (stored.type == quant::DType::f32) continue;
      float number = static_cast<float>(frequency);
      std::byte bytes[sizeof(float)];
      stored.encode(&number, 1, bytes);
      stored.decode(bytes, 1, &number);
      frequency = number;
    }
  return timeline;
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
