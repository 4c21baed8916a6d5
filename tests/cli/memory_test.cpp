// What `plan` promises against what the process takes: a real model, a long prompt, a full context. Not under sanitizers, whose own
// memory counts too.
#include "sotto_process.h"
#include "support/anchors.h"

namespace sotto::cli {
namespace {

constexpr uint64_t kBesides = uint64_t{40} << 20;  // the program, its libraries, the tokenizer, the logits of the sampler

class Memory : public CommandTest, public testing::WithParamInterface<const char*> {};

TEST_P(Memory, PeakStaysWithinThePlan) {
  SOTTO_NEEDS(model, test::cached_model(GetParam()));
  std::string prompt;
  for (int i = 0; i < 150; ++i) prompt += "The river runs to the sea. ";
  for (const char* cache : {"f16", "f32"}) {
    const std::vector<std::string> sizes{"--context", "1280", "--kv", cache, "--threads", "2"};
    const auto with_sizes = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), sizes.begin(), sizes.end());
      return json_of(arguments);
    };
    const auto plan = with_sizes({"plan", model});
    const auto answer = with_sizes({"run", model, "--raw", "-p", prompt, "-n", "32", "--ignore-eos"});
    const nlohmann::json& memory = answer["memory"];
    ASSERT_GT(answer["usage"]["prompt_tokens"], 1000);
    for (const char* part : {"weights_bytes", "tokenizer_bytes", "kv_bytes", "scratch_bytes"})
      EXPECT_EQ(memory[part], plan[part]) << part;
    const uint64_t planned = plan["total_bytes"];
    EXPECT_LE(memory["peak_bytes"], planned + kBesides) << "planned " << planned;
    EXPECT_GE(memory["peak_bytes"], planned * 3 / 4) << "the plan counts what is not used";
  }
}

INSTANTIATE_TEST_SUITE_P(Real, Memory, testing::Values("SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m-q4_k_m.gguf"),
                         [](const auto& row) { return std::string(row.param[0] == 'g' ? "gemma3" : "smollm2"); });

}  // namespace
}  // namespace sotto::cli
