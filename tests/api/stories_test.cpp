// stories260K, a model that was trained: exact ids, text and perplexity, from GGUF and from a Hugging Face folder.
#include <algorithm>

#include "api/api_test.h"

namespace sotto {
namespace {

using test::Ids;
using test::ok;

class Stories : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    SOTTO_NEEDS(path, test::anchor(std::string("models/") + GetParam()));
    path_ = path;
  }
  Model open(const ModelOptions& options, size_t threads = 2) const {
    return ok(Model::open(path_, options, test::make_engine(threads)));
  }
  std::string path_;
};

TEST_P(Stories, GreedyIdsAndText) {
  const auto expected = test::read_json(test::anchor("models/expected.json"));
  const Ids prompt = expected.at("prompt_ids"), ids = expected.at("generated_ids");
  const std::string text = test::read_text(test::anchor("models/expected.txt"));
  for (const size_t threads : {1, 2, 3, 8}) {
    const Model model = open(test::kExact, threads);
    Session session = ok(model.new_session({.cache = CacheType::f32}));
    const auto result = ok(session.generate(prompt, {.max_tokens = 200, .ignore_eos = true}).result());
    EXPECT_EQ(result.tokens, ids);
    EXPECT_EQ(result.text, text);
    EXPECT_EQ(result.finish_reason, FinishReason::length);
    // The empty text is BOS alone.
    Session other = ok(model.new_session({.cache = CacheType::f32}));
    EXPECT_EQ(ok(other.generate("", {.max_tokens = 20}).result()).tokens, Ids(ids.begin(), ids.begin() + 20));
  }
}

// Weights in Q8_0: the three closest decisions are at steps 71, 114 and 185, and only there may the text become another one.
TEST_P(Stories, DefaultsPartAtACloseDecisionIfAtAll) {
  const Ids ids = test::read_json(test::anchor("models/expected.json")).at("generated_ids");
  for (const CacheType cache : {CacheType::f32, CacheType::f16}) {
    const Model model = open({});
    Session session = ok(model.new_session({.cache = cache}));
    const Ids tokens = ok(session.generate(Ids{1}, {.max_tokens = 200, .ignore_eos = true}).result()).tokens;
    const auto parts = std::mismatch(tokens.begin(), tokens.end(), ids.begin(), ids.end()).first - tokens.begin();
    EXPECT_TRUE(parts == 71 || parts == 114 || parts == 185 || parts == 200) << parts;
  }
}

TEST_P(Stories, Perplexity) {
  const auto expected = test::read_json(test::anchor("models/expected_ppl.json"));
  const std::string text = test::read_text(test::anchor("text/frankenstein_chap1.txt"));
  size_t told = 0;
  const auto n_windows = expected.at("windows").get<size_t>();
  PerplexityOptions options{.context = 256, .chunks = n_windows, .cache = CacheType::f32};
  options.progress = [&](size_t done, size_t, double) { told = done; };
  const Perplexity exact = ok(perplexity(open(test::kExact), text, options));
  EXPECT_EQ(exact.nll_per_chunk.size(), n_windows);
  EXPECT_EQ(exact.tokens, 5080u);
  EXPECT_EQ(told, exact.nll_per_chunk.size());
  EXPECT_NEAR(exact.nll / expected.at("nll").get<double>(), 1, 1e-5);
  EXPECT_NEAR(exact.ppl / expected.at("perplexity").get<double>(), 1, 5e-5);

  options.chunks = 3;
  const Perplexity few = ok(perplexity(open(test::kExact), text, options));
  EXPECT_EQ(few.nll_per_chunk, std::vector<double>(exact.nll_per_chunk.begin(), exact.nll_per_chunk.begin() + 3));

  options.chunks = n_windows;
  options.cache = CacheType::f16;
  const Perplexity rounded = ok(perplexity(open({}), text, options));
  EXPECT_NEAR(rounded.nll, exact.nll, 0.01);
}

TEST_P(Stories, PerplexityFaults) {
  const Model model = open({});
  EXPECT_EQ(test::code_of(perplexity(model, "short", {})), ErrorCode::invalid_argument);
  EXPECT_EQ(test::code_of(perplexity(model, Ids(100, 1), {.context = 3})), ErrorCode::invalid_argument);
  EXPECT_EQ(test::code_of(perplexity(model, Ids(8, 512), {.context = 4})), ErrorCode::invalid_argument);
  CancelSource cancel;
  cancel.cancel();
  EXPECT_EQ(test::code_of(perplexity(model, Ids(8, 5), {.context = 4, .control = {cancel.token(), {}}})), ErrorCode::cancelled);
  EXPECT_EQ(ok(perplexity(model, Ids(9, 5), {.context = 4})).tokens, 2u);
}

INSTANTIATE_TEST_SUITE_P(All, Stories, testing::Values("stories260K.f32.gguf", "stories260K-hf"), [](const auto& info) {
  return std::string(std::string_view(info.param).ends_with("hf") ? "folder" : "gguf");
});

}  // namespace
}  // namespace sotto
