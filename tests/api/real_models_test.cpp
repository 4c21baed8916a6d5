// Two real models against the truth (anchors/real-models): ids, greedy texts up to the first close decision, log-probabilities, and
// how well a text is predicted. SOTTO_REAL_MODELS=all takes all texts and chunks, brief one of each; otherwise the first ones.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "api/api_test.h"

namespace sotto {
namespace {

using nlohmann::json;
using test::Ids;
using test::ok;

struct RealModel {
  const char* name;
  const char* file;
  double nll_tolerance;        // of default activations and cache, over all chunks: the peer's own distance from the truth
  double chunk_nll_tolerance;  // of one chunk: the same
};
void PrintTo(const RealModel& model, std::ostream* out) {
  *out << model.name;
}

std::string_view effort() {
  const char* asked = std::getenv("SOTTO_REAL_MODELS");
  return asked ? asked : "usual";
}
size_t chunks_to_score(size_t otherwise) {
  return effort() == "all" ? 20 : effort() == "brief" ? 1 : otherwise;
}
size_t prompts_to_answer(size_t otherwise) {
  return effort() == "all" ? 100 : effort() == "brief" ? 1 : otherwise;
}

class RealModels : public testing::TestWithParam<RealModel> {
 protected:
  void SetUp() override {
    SOTTO_NEEDS(path, test::cached_model(GetParam().file));
    SOTTO_NEEDS(truth, test::anchor(std::string("real-models/") + GetParam().name + "-torch.json"));
    SOTTO_NEEDS(tokens, test::anchor(std::string("real-models/tokens-") + GetParam().name + ".json"));
    path_ = path;
    truth_ = test::read_json(truth);
    tokens_ = test::read_json(tokens);
  }

  Model open(const ModelOptions& options) const { return ok(Model::open(path_, options)); }

  // Greedy texts must be equal up to the first decision closer than `margin`.
  void check_greedy(const Model& model, CacheType cache, double margin, size_t n_prompts) const {
    Session session = ok(model.new_session({.context = 512, .cache = cache}));
    size_t n = 0, whole = 0;
    for (const json& prompt : truth_.at("prompts")) {
      if (n++ == n_prompts) break;
      const Ids wanted = prompt.at("greedy");
      const std::vector<double> margins = prompt.at("margins");
      size_t certain = 0;
      while (certain < margins.size() && margins[certain] >= margin) ++certain;
      ok(session.rewind(0));
      const Ids ids = prompt.at("ids");
      const auto got =
          ok(session.generate(ids, {.max_tokens = static_cast<int64_t>(wanted.size()), .ignore_eos = true}).result()).tokens;
      const auto parts =
          static_cast<size_t>(std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end()).first - got.begin());
      EXPECT_GE(parts, certain) << prompt.at("text") << " parts at margin " << (parts < margins.size() ? margins[parts] : 0);
      whole += parts == wanted.size();
    }
    RecordProperty("greedy_texts_equal_to_the_end", static_cast<int>(whole));
    EXPECT_GT(n, 0u);
  }

  // Largest relative distance of one chunk, and of the mean.
  std::pair<double, double> nll_distance(const Model& model, CacheType cache, size_t n_chunks) const {
    const json& truth = truth_.at("perplexity");
    const Ids ids = tokens_.at("ids");
    PerplexityOptions options{.context = truth.at("context"), .chunks = n_chunks, .cache = cache};
    const Perplexity got = ok(perplexity(model, ids, options));
    const std::vector<double> wanted = truth.at("nll_per_chunk");  // sums
    const double scored = truth.at("tokens").get<double>() / static_cast<double>(wanted.size());
    double largest = 0, sum = 0, wanted_sum = 0;
    for (size_t i = 0; i < got.nll_per_chunk.size(); ++i) {
      largest = std::max(largest, std::abs(got.nll_per_chunk[i] * scored / wanted[i] - 1));
      sum += got.nll_per_chunk[i];
      wanted_sum += wanted[i] / scored;
    }
    EXPECT_EQ(got.nll_per_chunk.size(), n_chunks);
    return {largest, std::abs(sum / wanted_sum - 1)};
  }

  std::string path_;
  json truth_, tokens_;
};

TEST_P(RealModels, PromptsAreEncodedAsTheirTemplateAndTokenizerSay) {
  const Model model = open({.warm_up = false});
  for (const json& prompt : tokens_.at("prompts")) {
    const Ids wanted = prompt.at("ids");
    if (prompt.at("kind") == "chat") {
      const std::vector<Message> conversation{{"user", prompt.at("question")}};
      EXPECT_EQ(ok(model.render_chat(conversation)), prompt.at("text").get<std::string>());
      EXPECT_EQ(ok(model.encode_chat(conversation)), wanted);
    } else {
      EXPECT_EQ(ok(model.tokenizer()->encode(prompt.at("text").get<std::string>())), wanted);
    }
  }
}

TEST_P(RealModels, ReferenceArithmetic) {
  const Model model = open(test::kExact);
  check_greedy(model, CacheType::f32, 0.01, prompts_to_answer(6));
  const auto [largest, mean] = nll_distance(model, CacheType::f32, chunks_to_score(1));
  EXPECT_LT(mean, 1e-4);
  EXPECT_LT(largest, 1e-4);
}

TEST_P(RealModels, ReferenceLogProbabilities) {
  const Model model = open(test::kExact);
  const json& chunk = truth_.at("logprobs_chunk");
  ASSERT_EQ(chunk.at("chunk"), 0);
  Ids ids = tokens_.at("ids");
  ids.resize(512);
  if (model.tokenizer()->adds_bos()) ids[0] = *model.tokenizer()->bos();
  Session session = ok(model.new_session({.context = 512, .cache = CacheType::f32}));
  double largest = 0;
  for (const json& row : chunk.at("rows")) {
    const size_t end = row.at("position").get<size_t>() + 1;
    const size_t held = session.tokens().size();
    const auto logits = ok(session.append(std::span(ids).subspan(held, end - held)));
    double sum = 0;
    const float top = *std::max_element(logits.begin(), logits.end());
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
    for (const json& entry : row.at("top20")) {
      const double logprob = static_cast<double>(logits[entry[0].get<size_t>()]) - top - std::log(sum);
      largest = std::max(largest, std::abs(logprob - entry[1].get<double>()));
    }
  }
  RecordProperty("largest_difference", std::to_string(largest));
  EXPECT_LT(largest, 2e-3);
}

TEST_P(RealModels, AScreenedHeadChoosesTheSameTokens) {
  const Ids ids = tokens_.at("prompts").at(0).at("ids");
  GenerationOptions greedy{.max_tokens = 24, .ignore_eos = true}, drawn = greedy, penalized = drawn;
  drawn.temperature = 0.8f;
  drawn.top_k = 40;
  drawn.seed = 7;
  penalized = drawn;
  penalized.repeat_penalty = 1.3f;
  std::vector<Ids> answers;
  for (const bool screen_head : {false, true}) {
    const Model model = open({.screen_head = screen_head});
    for (const GenerationOptions& options : {greedy, drawn, penalized}) {
      Session session = ok(model.new_session({.context = 512}));
      answers.push_back(ok(session.generate(ids, options).result()).tokens);
    }
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(answers[i], answers[3 + i]) << i;
}

TEST_P(RealModels, ActivationsOf16Bits) {
  const Model model = open({.activations = "i16"});
  const auto [largest, mean] = nll_distance(model, CacheType::f16, chunks_to_score(1));
  RecordProperty("largest_chunk_percent", std::to_string(largest * 100));
  EXPECT_LT(largest, 2e-4);
}

TEST_P(RealModels, Defaults) {
  const Model model = open({});
  check_greedy(model, CacheType::f16, 0.35, prompts_to_answer(100));
  const size_t n_chunks = chunks_to_score(3);
  const auto [largest, mean] = nll_distance(model, CacheType::f16, n_chunks);
  RecordProperty("nll_distance_percent", std::to_string(mean * 100));
  RecordProperty("largest_chunk_percent", std::to_string(largest * 100));
  EXPECT_LT(largest, GetParam().chunk_nll_tolerance);
  EXPECT_LT(mean, n_chunks == 20 ? GetParam().nll_tolerance : GetParam().chunk_nll_tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, RealModels,
                         testing::Values(RealModel{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", 9e-4, 3.5e-3},
                                         RealModel{"gemma3", "gemma-3-270m-q4_k_m.gguf", 1.5e-3, 6.2e-3}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sotto
