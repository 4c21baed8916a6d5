// Tokenizers from tokenizer.json and the files beside it: what each part does, and that a wrong one is named.
#include "text/tiny_vocab.h"

namespace sotto {
namespace {

using nlohmann::json;
using test::Ids;

Tokenizer open(const json& tokenizer, const json& config = nullptr) {
  auto opened = test::open_json(tokenizer, config);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? *opened : Tokenizer(nullptr);
}

/// The tiny tokenizer with the value at a JSON pointer replaced.
json with(const std::string& pointer, const json& value, json tokenizer = test::tiny_json()) {
  tokenizer[json::json_pointer(pointer)] = value;
  return tokenizer;
}

json added(int id, const std::string& content, const json& flags = json::object()) {
  json token = {{"id", id},        {"content", content},   {"special", false},   {"lstrip", false},
                {"rstrip", false}, {"single_word", false}, {"normalized", false}};
  token.update(flags);
  return token;
}

TEST(HfTokenizer, BpeWithByteFallback) {
  const Tokenizer tokenizer = open(test::tiny_json());
  EXPECT_EQ(test::encode(tokenizer, "ab ab", {}), (Ids{1, 10, 10}));
  EXPECT_EQ(test::encode(tokenizer, "aA\u00E9"), (Ids{6, 7, 3, 4, 5}));
  EXPECT_EQ(test::encode(tokenizer, "xyb"), (Ids{6, 0, 8}));
  EXPECT_EQ(test::encode(tokenizer, "<s>", {.add_special = false, .parse_special = true}), (Ids{1}));
  EXPECT_EQ(test::decode(tokenizer, {1, 10, 4, 5}, {.skip_special = true}), "ab\u00E9");
}

TEST(HfTokenizer, MergesAsPairs) {
  EXPECT_EQ(test::encode(open(with("/model/merges", json::parse(R"([["a", "b"], ["▁", "ab"]])"))), "ab"), (Ids{10}));
}

TEST(HfTokenizer, FilesWithoutType) {
  json old = test::tiny_json();
  old["model"].erase("type");
  EXPECT_EQ(test::encode(open(old), "ab"), (Ids{10}));
}

TEST(HfTokenizer, AddedTokens) {
  json file = test::tiny_json();
  file["normalizer"] = nullptr;
  file["decoder"]["decoders"].erase(3);
  file["model"]["vocab"][" "] = 12;
  file["added_tokens"].push_back(added(13, "<l>", {{"lstrip", true}}));
  file["added_tokens"].push_back(added(14, "<r>", {{"rstrip", true}}));
  file["added_tokens"].push_back(added(15, "bb", {{"single_word", true}}));
  file["added_tokens"].push_back(added(16, "<r>x"));
  file["added_tokens"].push_back(added(17, "\u2581<c>", {{"special", true}}));
  const Tokenizer tokenizer = open(file);
  EXPECT_EQ(test::encode(tokenizer, "a  <l> a"), (Ids{7, 13, 12, 7}));
  EXPECT_EQ(test::encode(tokenizer, "a <r> \n a"), (Ids{7, 12, 14, 7}));
  EXPECT_EQ(test::encode(tokenizer, "a<r>x"), (Ids{7, 16}));  // the longest at a place
  EXPECT_EQ(test::encode(tokenizer, "bb abb bb"), (Ids{15, 12, 9, 8, 12, 15}));
  EXPECT_EQ(test::encode(tokenizer, "\u00E9bb"), (Ids{4, 5, 8, 8}));
  // A word character is one of \w: a circled letter and a zero-width joiner are, a superscript digit is not.
  const auto finds = [&](const char* before) { return test::encode(tokenizer, std::string(before) + "bb").back() == 15; };
  EXPECT_TRUE(finds("\u00B2") && finds("$") && finds("\u2581"));
  EXPECT_FALSE(finds("\u24D0") || finds("\u200D") || finds("\u203F") || finds("\u2167") || finds("5") || finds("\u0301"));
  EXPECT_EQ(test::decode(tokenizer, {7, 13, 7}), "a<l>a");
  EXPECT_EQ(test::decode(tokenizer, {7, 17, 7}), "a <c>a");
  EXPECT_FALSE(tokenizer.is_control(13));
  EXPECT_TRUE(tokenizer.is_control(1));
}

TEST(HfTokenizer, NormalizedAddedTokens) {
  json file = with("/normalizer", {{"type", "NFC"}});
  file["added_tokens"].push_back(added(12, "\u00E9a", {{"normalized", true}}));
  file["added_tokens"].push_back(added(13, "\u00E9b"));
  const Tokenizer tokenizer = open(file);
  EXPECT_EQ(test::encode(tokenizer, "e\u0301a"), (Ids{12}));
  EXPECT_EQ(test::encode(tokenizer, "e\u0301b"), (Ids{4, 5, 8}));  // is looked for in the text as it is
  EXPECT_EQ(test::encode(tokenizer, "\u00E9b"), (Ids{13}));
}

TEST(HfTokenizer, Metaspace) {
  const auto file = [](const json& fields) {
    json part = {{"type", "Metaspace"}, {"replacement", "\u2581"}};
    part.update(fields);
    return with("/pre_tokenizer", part, with("/normalizer", nullptr));
  };
  const EncodeOptions special{.add_special = false, .parse_special = true};
  EXPECT_EQ(test::encode(open(file({{"prepend_scheme", "always"}, {"split", false}})), "ab<s>ab", special), (Ids{10, 1, 10}));
  EXPECT_EQ(test::encode(open(file({{"prepend_scheme", "first"}, {"split", false}})), "ab<s>ab", special), (Ids{10, 1, 9}));
  EXPECT_EQ(test::encode(open(file({{"prepend_scheme", "never"}})), "ab ab", special), (Ids{9, 10}));
  EXPECT_EQ(test::encode(open(file({{"add_prefix_space", true}})), " ab", special), (Ids{10}));
}

TEST(HfTokenizer, PrefixAndSuffix) {
  const json config = {{"bos_token", "<s>"}, {"eos_token", {{"content", "</s>"}}}};
  const auto ids = [&](const json& more, const json& file = test::tiny_json()) {
    json all = config;
    if (!more.is_null()) all.update(more);
    return test::encode(open(file, all), "ab", {});
  };
  EXPECT_EQ(ids({}), (Ids{1, 10}));
  EXPECT_EQ(ids({{"add_bos_token", true}}), (Ids{1, 10}));
  EXPECT_EQ(ids({{"add_bos_token", false}}), (Ids{10}));
  EXPECT_EQ(ids({{"add_eos_token", true}}), (Ids{1, 10, 2}));
  EXPECT_EQ(ids({}, with("/post_processor", {{"type", "RobertaProcessing"}, {"cls", {"<s>", 1}}, {"sep", {"</s>", 2}}})),
            (Ids{1, 10, 2}));
  EXPECT_EQ(ids({}, with("/post_processor",
                         {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}, test::tiny_json()["post_processor"]}}})),
            (Ids{1, 10}));
  EXPECT_EQ(ids({{"add_bos_token", true}}, with("/post_processor", nullptr)), (Ids{1, 10}));
}

TEST(HfTokenizer, EndOfGeneration) {
  const auto ends = [](const char* generation, const char* map = "") {
    const auto tokenizer = test::tokenizer_of(
        {.tokenizer =
             with("/added_tokens/2/content", "</e>",
                  with("/model/vocab", {{"<unk>", 0}, {"<s>", 1}, {"</e>", 2}, {"a", 3}}, with("/model/merges", json::array())))
                 .dump(),
         .special_tokens_map = map,
         .generation_config = generation});
    EXPECT_TRUE(tokenizer) << tokenizer.error().message;
    return tokenizer ? Ids(tokenizer->end_of_generation().begin(), tokenizer->end_of_generation().end()) : Ids{-1};
  };
  EXPECT_EQ(ends(""), (Ids{}));
  EXPECT_EQ(ends(R"({"eos_token_id": 3})"), (Ids{3}));
  EXPECT_EQ(ends(R"({"eos_token_id": [3, 1, 3]})"), (Ids{1, 3}));
  EXPECT_EQ(ends(R"({"eos_token_id": null})", R"({"eos_token": "</e>"})"), (Ids{2}));
}

TEST(HfTokenizer, NamesThatAreNoPiecesGiveWarnings) {
  const Tokenizer tokenizer = open(test::tiny_json(), {{"bos_token", "<nowhere>"}});
  EXPECT_FALSE(tokenizer.bos());
  ASSERT_EQ(tokenizer.warnings().size(), 1u);
  EXPECT_NE(tokenizer.warnings()[0].find("<nowhere>"), std::string::npos);
}

TEST(HfTokenizer, UnknownPattern) {
  const json file = with("/pre_tokenizer",
                         {{"type", "Split"}, {"pattern", {{"Regex", "[a-c]{7}"}}}, {"behavior", "Isolated"}, {"invert", false}});
  const auto refused = test::open_json(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
  EXPECT_NE(refused.error().message.find("[a-c]{7}"), std::string::npos) << refused.error().message;
  const auto guessed = test::tokenizer_of({.tokenizer = file.dump()}, {.guess_pre_tokenizer = true});
  ASSERT_TRUE(guessed);
  EXPECT_EQ(guessed->warnings().size(), 1u);
}

TEST(HfTokenizer, WrongPartsAreNamed) {
  struct Case {
    json file;
    std::string message;
    ErrorCode code = ErrorCode::bad_model;
  };
  const auto unsupported = ErrorCode::unsupported;
  const Case cases[] = {
      {with("/model/type", "Unigram"), "Unigram", unsupported},
      {with("/model/type", 3), "'type'"},
      {with("/model/end_of_word_suffix", "</w>"), "</w>", unsupported},
      {with("/model/byte_fallback", "yes"), "'byte_fallback'"},
      {with("/model/unk_token", "<none>"), "<none>"},
      {with("/model/vocab", json::array()), "model.vocab"},
      {with("/model/vocab/a", "7"), "of kind string"},
      {with("/model/vocab/a", -1), "-1"},
      {with("/model/vocab/a", 20000000), "20000000"},
      {with("/model/vocab/a", 1000000), "ids up to 1000000"},
      {with("/model/vocab/a", 8), "the id 8"},
      {with("/model/merges", {"ab"}), "no pair"},
      {with("/model/merges", {{"a", "b", "c"}}), "no pair"},
      {with("/model/merges", {3}), "no pair"},
      {with("/model/merges", {"a q"}), "\"q\""},
      {with("/model/merges", {"b a"}), "\"ba\""},
      {with("/model/merges", 5), "model.merges"},
      {with("/added_tokens/0/id", "x"), "'id'"},
      {with("/added_tokens/0/content", 1), "'content'"},
      {with("/added_tokens/0/special", nullptr), "'special'"},
      {with("/added_tokens/0/id", 7), "the id 7"},
      {with("/normalizer", {{"type", "Precompiled"}}), "Precompiled", unsupported},
      {with("/normalizer", {{"no", 1}}), "'type'"},
      {with("/normalizer/normalizers/1/pattern", {{"Regex", " {2,}"}}), " {2,}", unsupported},
      {with("/normalizer/normalizers/1/pattern/String", ""), "empty"},
      {with("/normalizer/normalizers/1/content", std::string(100, 'x')), "times longer"},
      {with("/normalizer/normalizers/0/prepend", std::string(300, 'x')), "300"},
      {with("/normalizer/normalizers", 1), "'normalizers'"},
      {with("/pre_tokenizer", {{"type", "WhitespaceSplit"}}), "WhitespaceSplit", unsupported},
      {with("/pre_tokenizer", {{"type", "Split"}, {"pattern", {{"String", "-"}}}, {"behavior", "Isolated"}}), "\"-\"", unsupported},
      {with("/pre_tokenizer", {{"type", "Split"}, {"pattern", {{"Regex", "\\s+"}}}, {"behavior", "Removed"}}), "Removed",
       unsupported},
      {with("/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "_"}}), "'replacement'", unsupported},
      {with("/post_processor/special_tokens/<s>/ids", {12}), "12"},
      {with("/post_processor/special_tokens", json::object()), "special_tokens.<s>.ids"},
      {with("/post_processor/single", json::array()), "single"},
      {with("/post_processor/type", "Custom"), "Custom", unsupported},
      {with("/decoder", {{"type", "CTC"}}), "CTC", unsupported},
      {json::array(), "tokenizer.json"},
  };
  for (const Case& c : cases) {
    const auto tokenizer = test::open_json(c.file);
    ASSERT_FALSE(tokenizer) << c.message;
    EXPECT_EQ(tokenizer.error().code, c.code) << tokenizer.error().message;
    const std::string all = tokenizer.error().message + " " + tokenizer.error().where;
    EXPECT_NE(all.find(c.message), std::string::npos) << all << "; wanted " << c.message;
  }
  EXPECT_EQ(test::tokenizer_of({}).error().code, ErrorCode::not_found);
  for (const json& config : {json{{"bos_token", 3}}, json{{"bos_token", "<s>"}, {"add_bos_token", 1}}}) {
    const auto tokenizer = test::open_json(test::tiny_json(), config);
    ASSERT_FALSE(tokenizer);
    EXPECT_NE(tokenizer.error().message.find("tokenizer_config.json"), std::string::npos) << tokenizer.error().message;
  }
  for (const char* generation : {R"({"eos_token_id": 99})", R"({"eos_token_id": [1, 99]})", R"({"eos_token_id": "x"})"}) {
    const auto tokenizer = test::tokenizer_of({.tokenizer = test::tiny_json().dump(), .generation_config = generation});
    ASSERT_FALSE(tokenizer);
    EXPECT_EQ(tokenizer.error().where, "eos_token_id");
  }
}

}  // namespace
}  // namespace sotto
