// Every golden folder of the families, as it lies there and under the field names of older transformers.
#include "golden.h"
#include "sha256.h"

namespace sotto::model {
namespace {

class GoldenFolder : public testing::TestWithParam<const char*> {};
class GoldenLegacy : public testing::TestWithParam<const char*> {};
class GoldenGreedy : public testing::TestWithParam<const char*> {};

Result<formats::ModelFile> open(const std::string& folder, const std::string& config) {
  return formats::read_model(folder, {.access = FileAccess::read, .config_name = config});
}

TEST_P(GoldenFolder, GivesTheLogits) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + GetParam()));
  const Golden golden(folder);
  Machine machine;
  auto model = load(*open(folder, "config.json"), machine);
  ASSERT_TRUE(model) << text_of(model);
  expect_golden_logits(*model, machine, golden);
}

TEST_P(GoldenLegacy, OlderFieldNamesGiveTheLogits) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + GetParam()));
  const Golden golden(folder);
  Machine machine;
  auto file = open(folder, "config-legacy.json");
  ASSERT_TRUE(file) << text_of(file);
  auto model = load(std::move(*file), machine);
  ASSERT_TRUE(model) << text_of(model);
  expect_golden_logits(*model, machine, golden);
}

TEST_P(GoldenGreedy, GivesTheGreedyTokens) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + GetParam()));
  const Golden golden(folder);
  ASSERT_EQ(golden.greedy.size(), golden.prompts.size());
  Machine machine;
  auto model = load(*open(folder, "config.json"), machine);
  ASSERT_TRUE(model) << text_of(model);
  std::vector<float> logits(model->spec.n_vocab);
  for (size_t i = 0; i < golden.prompts.size(); ++i) {
    ASSERT_EQ(golden.greedy_margins[i].size(), golden.greedy[i].size());
    auto timeline = golden_timeline(*model, machine);
    ASSERT_TRUE(timeline) << text_of(timeline);
    std::vector<TokenId> tokens = golden.prompts[i];
    size_t position = 0;
    for (size_t step = 0; step < golden.greedy[i].size(); ++step) {
      if (golden.greedy_margins[i][step] < 2e-4 * golden.logits_std) break;
      const auto status =
          forward(machine.context(), model->spec, model->weights, *timeline, tokens, position, Outputs::last, logits);
      ASSERT_TRUE(status) << text_of(status);
      position += tokens.size();
      tokens = {static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin())};
      ASSERT_EQ(tokens[0], golden.greedy[i][step]) << "prompt " << i << ", step " << step;
    }
  }
}

TEST_P(GoldenFolder, CutsAndThreadsDoNotChangeABit) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + GetParam()));
  const Golden golden(folder);
  const auto& tokens = golden.prompts.back();
  ASSERT_EQ(tokens.size(), 40u);
  for (const bool float_activations : {true, false}) {
    std::vector<float> expected;
    for (const size_t n_threads : {1, 2, 3, 8}) {
      Machine machine(n_threads);
      machine.float_activations = float_activations;
      auto model = load(*open(folder, "config.json"), machine, {.keep = float_activations, .type = {}});
      ASSERT_TRUE(model) << text_of(model);
      for (const auto& runs : {std::vector<size_t>{40}, runs_of(40, 1), runs_of(40, 7), {39, 1}, {17, 23}}) {
        const auto logits = logits_of(*model, machine, tokens, runs);
        ASSERT_TRUE(logits) << text_of(logits);
        if (expected.empty()) expected = *logits;
        EXPECT_EQ(*logits, expected) << n_threads << " threads, first run of " << runs[0];
      }
    }
  }
}

std::string test_name(const testing::TestParamInfo<const char*>& row) {
  std::string name = row.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Golden, GoldenFolder, testing::ValuesIn(kGoldenFolders), test_name);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenLegacy,
                         testing::Values("gemma3", "llama", "llama-rope-linear", "llama-rope-llama3", "llama-rope-yarn", "mistral",
                                         "qwen2", "qwen3"),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenGreedy,
                         testing::Values("llama", "llama-gqa-tied", "llama-bias", "llama-rope-llama3", "llama-rope-linear",
                                         "llama-rope-yarn", "llama-rope-dynamic", "mistral", "gpt2", "qwen2", "qwen3", "gemma3"),
                         test_name);

// As a model without its head is saved.
TEST(Golden, NamesMayLackTheirPrefix) {
  for (const char* name : {"llama", "gemma3"}) {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + name));
    Machine machine;
    auto file = open(folder, "config.json");
    ASSERT_TRUE(file) << text_of(file);
    for (formats::TensorEntry& tensor : file->tensors)
      if (tensor.name.starts_with("model.")) tensor.name.erase(0, 6);
    auto model = load(std::move(*file), machine);
    ASSERT_TRUE(model) << text_of(model);
    expect_golden_logits(*model, machine, Golden(folder));
  }
}

// All tables compute the same sums in the same order.
TEST(Golden, EveryTargetGivesTheLogits) {
  for (const char* name : {"llama-gqa-tied", "gemma3", "gpt2"}) {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + name));
    const Golden golden(folder);
    for (const kernels::KernelTable* table : kernels::compiled_tables()) {
      if (!kernels::runs_on(*table, cpu_features())) continue;
      SCOPED_TRACE(std::string(name) + " on " + table->name);
      Machine machine(2, *table);
      auto model = load(*open(folder, "config.json"), machine);
      ASSERT_TRUE(model) << text_of(model);
      expect_golden_logits(*model, machine, golden);
    }
  }
}

// Sums are added in one order, products are fused nowhere by chance, roundings are to nearest even: with the default rounding of
// weights, activations and cache the logits have the same bits on every target, in the browser too. A change here changes the texts
// that users get.
TEST(Golden, TheBitsAreTheSameOnEveryTarget) {
  struct Row {
    const char* folder;
    const char* sha256;
  };
  for (const Row& row : {Row{"llama-gqa-tied", "7443f2c0d809fcd479a9f46f401b9f7a4e644488e517dd2a6d64377964971b76"},
                         Row{"qwen3", "fcac27354003228c01cd0aeab28dc53b7d737de0b8c5aa6b8643423afa438056"},
                         Row{"gemma3", "a1fdddd9899837e537305ba43945bcc28d01978bf806a3eb85bfa0ca620e95b6"},
                         Row{"gpt2", "0bc13c961dd26494ea0b3532bb195ce622f3fe921ec40f4ecd7a434ad56839a3"}}) {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + row.folder));
    const Golden golden(folder);
    for (const kernels::KernelTable* table : kernels::compiled_tables()) {
      if (!kernels::runs_on(*table, cpu_features())) continue;
      SCOPED_TRACE(std::string(row.folder) + " on " + table->name);
      Machine machine(2, *table);
      machine.float_activations = false;
      auto model = load(*open(folder, "config.json"), machine, {});
      ASSERT_TRUE(model) << text_of(model);
      const auto logits =
          logits_of(*model, machine, golden.prompts.back(), {17, 23}, {.context = 128, .chunk = 64, .type = kernels::KvType::f16});
      ASSERT_TRUE(logits) << text_of(logits);
      EXPECT_EQ(sha256_hex(std::as_bytes(std::span(*logits))), row.sha256);
    }
  }
}

// Rounded weights and activations, and a rounded cache, stay near. Bounds are measured on these random models, with room; the worst
// of each: 7.4e-4, 1.8e-2, 4.2e-2, 4.2e-2, 0.51.
TEST(Golden, RoundingStaysNear) {
  struct Row {
    const char* what;
    WeightPolicy policy;
    bool float_activations;
    kernels::KvType cache;
    double bound;  // root mean square of the error over logits_std
  };
  const Row rows[] = {
      {"f16 cache", {.keep = true, .type = {}}, true, kernels::KvType::f16, 2e-3},
      {"q8_0 cache", {.keep = true, .type = {}}, true, kernels::KvType::q8_0, 3e-2},
      {"q8_0 weights, float activations", {}, true, kernels::KvType::f32, 5e-2},
      {"q8_0 weights, rounded activations", {}, false, kernels::KvType::f32, 5e-2},
      {"q4_0 weights, rounded activations", {.keep = false, .type = quant::DType::q4_0}, false, kernels::KvType::f16, 0.6},
  };
  for (const char* name : {"llama-gqa-tied", "qwen3", "gemma3", "gpt2"}) {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + name));
    const Golden golden(folder);
    for (const Row& row : rows) {
      SCOPED_TRACE(std::string(name) + ", " + row.what);
      Machine machine(2);
      machine.float_activations = row.float_activations;
      auto model = load(*open(folder, "config.json"), machine, row.policy);
      ASSERT_TRUE(model) << text_of(model);
      const auto& tokens = golden.prompts.back();
      const auto logits = logits_of(*model, machine, tokens, {tokens.size()}, {.context = 128, .chunk = 64, .type = row.cache});
      ASSERT_TRUE(logits) << text_of(logits);
      const double error = mean_difference(*logits, golden.logits.back()) / golden.logits_std;
      EXPECT_LT(error, row.bound);
      EXPECT_GT(error, 1e-7) << "nothing was rounded";
    }
  }
}

}  // namespace
}  // namespace sotto::model
