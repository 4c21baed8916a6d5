// The golden models by way of GGUF: the same logits.
#include "as_gguf.h"
#include "golden.h"

namespace sotto::model {
namespace {

class GoldenGguf : public testing::TestWithParam<const char*> {};

TEST_P(GoldenGguf, GivesTheLogits) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + GetParam()));
  const Golden golden(folder);
  const auto original = formats::read_model(folder, {.access = FileAccess::read});
  ASSERT_TRUE(original) << text_of(original);
  auto file = read_bytes_of(as_gguf(*original, test::read_json(folder + "/config.json")));
  ASSERT_TRUE(file) << text_of(file);
  Machine machine;
  auto model = load(std::move(*file), machine);
  ASSERT_TRUE(model) << text_of(model);
  expect_golden_logits(*model, machine, golden);
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenGguf,
                         testing::Values("llama", "llama-gqa-tied", "llama-bias", "llama-rope-llama3", "llama-rope-linear",
                                         "llama-rope-yarn", "mistral", "qwen2", "qwen3", "gemma3", "gpt2"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace sotto::model
