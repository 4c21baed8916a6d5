// Ids that other programs made: llama.cpp's vocabulary pairs, the corpus of corpus_counts.json, transformers' fast tokenizers.
#include <sstream>

#include "text/text_test.h"

namespace sotto {
namespace {

using nlohmann::json;
using test::Ids;

/// One vocabulary of anchors/vocab, and the file its ids come from.
struct VocabPair {
  const char* name;
  const char* model;  // in the cache; null: the anchor itself
};
void PrintTo(const VocabPair& pair, std::ostream* out) {
  *out << pair.name;
}

class VocabPairs : public testing::TestWithParam<VocabPair> {};

TEST_P(VocabPairs, EncodeAndDecode) {
  const std::string stem = std::string("vocab/ggml-vocab-") + GetParam().name + ".gguf";
  SOTTO_NEEDS(inputs_path, test::anchor(stem + ".inp"));
  SOTTO_NEEDS(outputs_path, test::anchor(stem + ".out"));
  SOTTO_NEEDS(model, GetParam().model ? test::cached_model(GetParam().model) : test::anchor(stem));
  const Tokenizer tokenizer = test::open_tokenizer(model);
  constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";
  std::string rest = test::read_text(inputs_path);
  std::vector<std::string> inputs;
  while (!rest.empty()) {
    const size_t end = rest.find(kSeparator);
    inputs.push_back(rest.substr(0, end));
    rest = end == std::string::npos ? "" : rest.substr(end + kSeparator.size());
  }
  std::istringstream outputs(test::read_text(outputs_path));
  size_t n = 0;
  for (std::string line; std::getline(outputs, line); ++n) {
    ASSERT_LT(n, inputs.size());
    Ids wanted;
    std::istringstream numbers(line);
    for (TokenId id; numbers >> id;) wanted.push_back(id);
    const Ids got = test::encode(tokenizer, inputs[n]);
    EXPECT_EQ(test::difference(tokenizer, got, wanted), "") << "case " << n;
    EXPECT_EQ(test::decode(tokenizer, got), inputs[n]) << "case " << n;
  }
  EXPECT_EQ(n, 46u);
  EXPECT_EQ(n, inputs.size());
}

INSTANTIATE_TEST_SUITE_P(All, VocabPairs,
                         testing::Values(VocabPair{"gpt-2", nullptr}, VocabPair{"llama-spm", nullptr}, VocabPair{"phi-3", nullptr},
                                         VocabPair{"gemma-4", "gemma-3-270m-q4_k_m.gguf"}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Anchors, LongTextWithGpt2) {
  SOTTO_NEEDS(model, test::anchor("vocab/ggml-vocab-gpt-2.gguf"));
  SOTTO_NEEDS(text_path, test::anchor("tokenize/lib.rs.txt"));
  SOTTO_NEEDS(ids_path, test::anchor("tokenize/tokens_gpt2.json"));
  const Tokenizer tokenizer = test::open_tokenizer(model);
  const json wanted = test::read_json(ids_path);
  const std::string text = test::read_text(text_path);
  const Ids ids = test::encode(tokenizer, text);
  EXPECT_EQ(test::difference(tokenizer, ids, (wanted.is_array() ? wanted : wanted.at("ids")).get<Ids>()), "");
  EXPECT_EQ(ids.size(), 11378u);
  EXPECT_EQ(test::decode(tokenizer, ids), text);
}

/// Bytes are not lost, and the number of tokens is what independent tokenizers count.
TEST(Anchors, CorpusCounts) {
  SOTTO_NEEDS(text_path, test::anchor("text/wiki.test.raw"));
  const std::string text = test::read_text(text_path);
  for (const auto& [name, count] : {std::pair("llama-spm", 335687u), std::pair("gpt-2", 286221u)}) {
    SOTTO_NEEDS(model, test::anchor("vocab/ggml-vocab-" + std::string(name) + ".gguf"));
    const Tokenizer tokenizer = test::open_tokenizer(model);
    const Ids ids = test::encode(tokenizer, text);
    EXPECT_EQ(ids.size(), count) << name;
    EXPECT_EQ(test::decode(tokenizer, ids), text) << name;
  }
}

class TransformersTokenizers : public testing::TestWithParam<const char*> {};

TEST_P(TransformersTokenizers, AllCases) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/tokenizers/") + GetParam()));
  const Tokenizer tokenizer = test::open_tokenizer(folder);
  const json cases = test::read_json(folder + "/cases.json").at("cases");
  for (const json& c : cases) {
    const std::string text = c.at("text");
    const Ids ids = c.at("ids"), special = c.at("ids_with_special");
    EXPECT_EQ(test::difference(tokenizer, test::encode(tokenizer, text, {.add_special = false, .parse_special = true}), ids), "")
        << "text: " << json(text);
    EXPECT_EQ(test::difference(tokenizer, test::encode(tokenizer, text, {.add_special = true, .parse_special = true}), special), "")
        << "text: " << json(text);
    EXPECT_EQ(test::decode(tokenizer, special), c.at("decoded").get<std::string>()) << "text: " << json(text);
    EXPECT_EQ(test::decode(tokenizer, special, {.skip_special = true}), c.at("decoded_skip_special").get<std::string>())
        << "text: " << json(text);
    // Without being asked for, no control piece is made of a text.
    for (const TokenId id : test::encode(tokenizer, text)) EXPECT_FALSE(tokenizer.is_control(id)) << "text: " << json(text);
  }
  EXPECT_GE(cases.size(), 142u);
}

INSTANTIATE_TEST_SUITE_P(All, TransformersTokenizers, testing::Values("gpt2", "llama", "llama3", "qwen2", "gemma", "added"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Anchors, OtherModelsAreRefusedByName) {
  for (const auto& [folder, name] : {std::pair("bert", "WordPiece"), std::pair("t5", "Unigram")}) {
    SOTTO_NEEDS(path, test::anchor(std::string("transformers/tokenizers/") + folder));
    const auto tokenizer = Tokenizer::open(path);
    ASSERT_FALSE(tokenizer);
    EXPECT_EQ(tokenizer.error().code, ErrorCode::unsupported);
    EXPECT_NE(tokenizer.error().message.find(name), std::string::npos) << tokenizer.error().message;
  }
}

TEST(Anchors, BothFormsOfStories260K) {
  SOTTO_NEEDS(gguf_path, test::anchor("models/stories260K.f32.gguf"));
  SOTTO_NEEDS(folder, test::anchor("models/stories260K-hf"));
  SOTTO_NEEDS(chapter_path, test::anchor("text/frankenstein_chap1.txt"));
  SOTTO_NEEDS(wiki_path, test::anchor("text/wiki.test.raw"));
  const Tokenizer gguf = test::open_tokenizer(gguf_path), hf = test::open_tokenizer(folder);
  const std::string chapter = test::read_text(chapter_path), wiki = test::read_text(wiki_path);
  EXPECT_EQ(test::encode(gguf, chapter).size(), 23081u);
  for (const std::string& text :
       {chapter, wiki.substr(0, 100000), std::string(), std::string(" "), std::string("  two\n\n\tlines "),
        std::string("\xF0\x9F\xA6\x99 \u2581 h\u00E9"), std::string("<s> a</s>")}) {
    for (const bool parse : {false, true}) {
      const EncodeOptions options{.add_special = true, .parse_special = parse};
      const Ids ids = test::encode(gguf, text, options);
      EXPECT_EQ(test::difference(gguf, ids, test::encode(hf, text, options)), "") << text.substr(0, 40);
      EXPECT_EQ(ids.front(), 1);
      EXPECT_EQ(test::decode(gguf, ids), test::decode(hf, ids)) << text.substr(0, 40);
    }
  }
  EXPECT_EQ(std::vector(hf.end_of_generation().begin(), hf.end_of_generation().end()), Ids{2});
  EXPECT_EQ(std::vector(gguf.end_of_generation().begin(), gguf.end_of_generation().end()), Ids{2});
}

}  // namespace
}  // namespace sotto
