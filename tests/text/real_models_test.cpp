// The vocabularies of two real models against anchors/real-models: the ids of prompts and of a whole corpus.
#include "text/text_test.h"

namespace sotto {
namespace {

using nlohmann::json;
using test::Ids;

struct RealModel {
  const char* name;
  const char* file;
};
void PrintTo(const RealModel& model, std::ostream* out) {
  *out << model.name;
}

class RealModels : public testing::TestWithParam<RealModel> {};

TEST_P(RealModels, PromptsAndCorpus) {
  SOTTO_NEEDS(model, test::cached_model(GetParam().file));
  SOTTO_NEEDS(tokens_path, test::anchor(std::string("real-models/tokens-") + GetParam().name + ".json"));
  SOTTO_NEEDS(wiki_path, test::anchor("text/wiki.test.raw"));
  const Tokenizer tokenizer = test::open_tokenizer(model);
  const json anchor = test::read_json(tokens_path);
  size_t n = 0;
  for (const json& prompt : anchor.at("prompts")) {
    const std::string text = prompt.at("text");
    const Ids ids = prompt.at("ids");
    EXPECT_EQ(test::difference(tokenizer, test::encode(tokenizer, text, {.parse_special = true}), ids), "") << text;
    const bool bos = tokenizer.adds_bos();
    EXPECT_EQ(test::decode(tokenizer, Ids(ids.begin() + bos, ids.end())), text);
    ++n;
  }
  EXPECT_GT(n, 10u);
  const std::string wiki = test::read_text(wiki_path);
  const Ids ids = test::encode(tokenizer, wiki, {.add_special = true});
  EXPECT_EQ(ids.size(), anchor.at("n_tokens").get<size_t>());
  const Ids wanted = anchor.at("ids");
  ASSERT_EQ(wanted.size(), 10240u);
  EXPECT_EQ(test::difference(tokenizer, Ids(ids.begin(), ids.begin() + 10240), wanted), "");
  EXPECT_EQ(test::decode(tokenizer, ids, {.skip_special = true}), wiki);
}

INSTANTIATE_TEST_SUITE_P(All, RealModels,
                         testing::Values(RealModel{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"},
                                         RealModel{"gemma3", "gemma-3-270m-q4_k_m.gguf"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RealModels, EndOfGeneration) {
  SOTTO_NEEDS(smollm2, test::cached_model("SmolLM2-135M-Instruct.Q4_1.gguf"));
  const Tokenizer tokenizer = test::open_tokenizer(smollm2);
  EXPECT_EQ(tokenizer.piece(*tokenizer.eos()), "<|im_end|>");
  EXPECT_EQ(Ids(tokenizer.end_of_generation().begin(), tokenizer.end_of_generation().end()), (Ids{0, 2}));
}

}  // namespace
}  // namespace sotto
