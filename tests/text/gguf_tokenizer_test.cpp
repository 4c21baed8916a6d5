// Tokenizers from GGUF metadata: what each field does, and that a wrong one is named.
#include <cmath>
#include <numeric>
#include <random>

#include "text/tiny_vocab.h"

namespace sotto {
namespace {

using formats::Metadata;
using formats::MetaValue;
using test::Ids;

Tokenizer open(const Metadata& metadata) {
  auto tokenizer = test::open_metadata(metadata);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return tokenizer ? *tokenizer : Tokenizer(nullptr);
}

Metadata with(Metadata metadata, const std::string& key, MetaValue value) {
  metadata.set("tokenizer.ggml." + key, std::move(value));
  return metadata;
}

Metadata without(const Metadata& metadata, const std::string& key) {
  Metadata rest(metadata.source());
  for (const auto& [name, value] : metadata.values())
    if (name != "tokenizer.ggml." + key) rest.set(name, value);
  return rest;
}

TEST(GgufTokenizer, Gpt2) {
  const Tokenizer tokenizer = open(test::tiny_gpt2());
  EXPECT_EQ(test::encode(tokenizer, "ab ab ba"), (Ids{2, 4, 3, 1, 0}));
  EXPECT_EQ(test::encode(tokenizer, "ab", {}), (Ids{2}));  // gpt-2 adds no BOS
  EXPECT_EQ(test::decode(tokenizer, {2, 4, 5}), "ab ab<end>");
  EXPECT_EQ(test::decode(tokenizer, {2, 4, 5}, {.skip_special = true}), "ab ab");
  EXPECT_EQ(*tokenizer.bos(), 6);
  EXPECT_EQ(*tokenizer.eos(), 5);
  EXPECT_FALSE(tokenizer.adds_bos());
  const auto unknown = tokenizer.encode("c");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::tokenizer_error);
  EXPECT_NE(unknown.error().message.find("63"), std::string::npos) << unknown.error().message;
}

TEST(GgufTokenizer, Llama) {
  const Tokenizer tokenizer = open(test::tiny_llama());
  EXPECT_EQ(test::encode(tokenizer, "ab ab", {}), (Ids{1, 8, 8}));
  EXPECT_EQ(test::encode(tokenizer, "bA"), (Ids{4, 6, 3}));
  EXPECT_EQ(test::encode(tokenizer, "c\u4E2Dc"), (Ids{4, 0}));  // neighbouring unknown characters are one piece
  EXPECT_EQ(test::encode(tokenizer, "a<pad>b"), (Ids{4, 5, 9, 4, 6}));
  EXPECT_EQ(test::decode(tokenizer, {1, 8, 8, 3}, {.skip_special = true}), "ab abA");
  EXPECT_EQ(test::decode(tokenizer, {8}, {.continues = true}), " ab");
  EXPECT_TRUE(tokenizer.adds_bos());
}

TEST(GgufTokenizer, OptionsOfTheFile) {
  EXPECT_EQ(test::encode(open(with(test::tiny_llama(), "add_space_prefix", false)), "ab ab"), (Ids{7, 8}));
  EXPECT_EQ(test::encode(open(with(test::tiny_llama(), "add_bos_token", false)), "ab", {}), (Ids{8}));
  EXPECT_EQ(test::encode(open(with(test::tiny_llama(), "add_eos_token", true)), "ab", {}), (Ids{1, 8, 2}));
  EXPECT_EQ(test::encode(open(with(test::tiny_gpt2(), "add_bos_token", true)), "ab", {}), (Ids{6, 2}));
  EXPECT_EQ(test::encode(open(with(test::tiny_gpt2(), "pre", std::string("llama-bpe"))), "ab", {}), (Ids{6, 2}));
  EXPECT_EQ(test::encode(open(with(test::tiny_gpt2(), "unknown_token_id", int64_t{5})), "cab"), (Ids{5, 2}));
  const Tokenizer ends = open(with(with(test::tiny_gpt2(), "eot_token_id", int64_t{6}), "eom_token_id", int64_t{0}));
  EXPECT_EQ(Ids(ends.end_of_generation().begin(), ends.end_of_generation().end()), (Ids{0, 5, 6}));
}

TEST(GgufTokenizer, TextOfAUserIsNoControlPiece) {
  const Tokenizer tokenizer = open(test::tiny_llama());
  const Ids plain = test::encode(tokenizer, "<s>a</s>");
  EXPECT_EQ(std::count(plain.begin(), plain.end(), 1), 0);
  EXPECT_EQ(std::count(plain.begin(), plain.end(), 2), 0);
  EXPECT_EQ(test::encode(tokenizer, "<s>a</s>", {.add_special = false, .parse_special = true}), (Ids{1, 4, 5, 2}));
  // A guard inside a spelling keeps it plain, and is taken out afterwards.
  const EncodeOptions guarded{.add_special = false, .parse_special = true, .erase_in_plain = "\x01"};
  EXPECT_EQ(test::encode(tokenizer, "<\x01s>a</s>", guarded), (Ids{4, 0, 5, 2}));
  EXPECT_EQ(test::encode(tokenizer, "\x01", guarded), (Ids{4}));
  // Not by merging, either.
  Metadata sneaky = with(test::tiny_gpt2(), "merges", std::vector<std::string>{"a b", "\u0120 ab"});
  sneaky.set("tokenizer.ggml.token_type", std::vector<int64_t>{1, 1, 3, 1, 1, 3, 3});
  EXPECT_EQ(test::encode(open(sneaky), "ab"), (Ids{0, 1}));
}

TEST(GgufTokenizer, UnknownPreTokenizer) {
  for (const auto& metadata : {with(test::tiny_gpt2(), "pre", std::string("no-such-words")), without(test::tiny_gpt2(), "pre")}) {
    const auto refused = test::open_metadata(metadata);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "tokenizer.ggml.pre");
    const auto guessed = test::open_metadata(metadata, {.guess_pre_tokenizer = true});
    ASSERT_TRUE(guessed) << guessed.error().message;
    EXPECT_EQ(guessed->warnings().size(), 1u);
    EXPECT_EQ(test::encode(*guessed, "ab ab"), (Ids{2, 4}));
  }
  const auto named = test::open_metadata(with(test::tiny_gpt2(), "pre", std::string("no-such-words")));
  EXPECT_EQ(named.error().code, ErrorCode::unsupported);
  EXPECT_NE(named.error().message.find("no-such-words"), std::string::npos);
  EXPECT_EQ(test::open_metadata(without(test::tiny_gpt2(), "pre")).error().code, ErrorCode::bad_model);
}

TEST(GgufTokenizer, WrongFieldsAreNamed) {
  const Metadata gpt2 = test::tiny_gpt2(), llama = test::tiny_llama();
  struct Case {
    Metadata metadata;
    std::string where;
    std::string message;
    ErrorCode code = ErrorCode::bad_model;
  };
  const std::string long_piece(3000, 'a');
  const std::vector<double> nan{0, 0, 0, 0, std::nan(""), 0, 0, 0, 0, 0};
  const Case cases[] = {
      {without(gpt2, "model"), "model", "", ErrorCode::not_found},
      {with(gpt2, "model", int64_t{1}), "model", "wanted: a string"},
      {with(gpt2, "model", std::string("rwkv")), "model", "rwkv", ErrorCode::unsupported},
      {without(gpt2, "tokens"), "tokens", "missing"},
      {with(gpt2, "tokens", std::string("x")), "tokens", "array of strings"},
      {with(gpt2, "tokens", std::vector<std::string>{}), "token_type", "has 7 items"},
      {without(gpt2, "token_type"), "token_type", "missing"},
      {with(gpt2, "token_type", std::vector<int64_t>{1, 1}), "token_type", "has 2 items, wanted: 7"},
      {with(gpt2, "token_type", std::vector<int64_t>{1, 1, 1, 7, 1, 3, 3}), "token_type[3]", "is 7"},
      {with(gpt2, "token_type", std::vector<int64_t>{1, 1, 1, 6, 1, 3, 3}), "tokens[3]", "byte"},
      {without(gpt2, "merges"), "merges", "missing"},
      {with(gpt2, "merges", std::vector<std::string>{"a b", "ab"}), "merges[1]", "\"ab\""},
      {with(gpt2, "merges", std::vector<std::string>{"a "}), "merges[0]", "blank"},
      {with(gpt2, "merges", std::vector<std::string>{""}), "merges[0]", "blank"},
      {with(gpt2, "merges", std::vector<std::string>{"a c"}), "merges[0]", "\"c\""},
      {with(gpt2, "merges", std::vector<std::string>{"b a"}), "merges[0]", "\"ba\""},
      {with(gpt2, "bos_token_id", int64_t{7}), "bos_token_id", "from 0 to 6"},
      {with(gpt2, "eos_token_id", int64_t{-1}), "eos_token_id", "from 0 to 6"},
      {with(gpt2, "eot_token_id", std::string("a")), "eot_token_id", "integer"},
      {with(gpt2, "unknown_token_id", int64_t{99}), "unknown_token_id", "99"},
      {with(gpt2, "add_bos_token", int64_t{1}), "add_bos_token", "true or false"},
      {with(without(gpt2, "bos_token_id"), "add_bos_token", true), "bos_token_id", "missing"},
      {with(without(gpt2, "eos_token_id"), "add_eos_token", true), "eos_token_id", "missing"},
      {without(llama, "scores"), "scores", "missing"},
      {with(llama, "scores", std::vector<double>{1}), "scores", "has 1 items, wanted: 10"},
      {with(llama, "scores", nan), "scores[4]", "NaN"},
      {with(llama, "tokens", std::vector<std::string>{"", "", "", "<0x41>", "", "", "", "", "", long_piece}), "tokens[9]", "3000"},
      {with(llama, "add_space_prefix", std::string("yes")), "add_space_prefix", "true or false"},
  };
  for (const Case& c : cases) {
    const auto tokenizer = test::open_metadata(c.metadata);
    ASSERT_FALSE(tokenizer) << c.where << " " << c.message;
    EXPECT_EQ(tokenizer.error().code, c.code) << tokenizer.error().message;
    EXPECT_EQ(tokenizer.error().where, "tokenizer.ggml." + c.where) << tokenizer.error().message;
    EXPECT_NE(tokenizer.error().message.find(c.message), std::string::npos) << tokenizer.error().message;
  }
}

// SentencePiece's rule, word for word: of all neighbours that are a piece together, those of the highest score merge, the leftmost
// of equal ones.
Ids merged_by_scores(std::vector<std::string> symbols, const std::vector<std::string>& pieces, const std::vector<double>& scores) {
  const auto find = [&](const std::string& text) {
    return static_cast<size_t>(std::find(pieces.begin(), pieces.end(), text) - pieces.begin());
  };
  for (;;) {
    size_t best = symbols.size();
    double best_score = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const size_t piece = find(symbols[i] + symbols[i + 1]);
      if (piece == pieces.size() || (best < symbols.size() && scores[piece] <= best_score)) continue;
      best = i;
      best_score = scores[piece];
    }
    if (best == symbols.size()) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids ids;
  for (const std::string& symbol : symbols) ids.push_back(static_cast<TokenId>(find(symbol) % pieces.size()));  // none: <unk>, 0
  return ids;
}

TEST(GgufTokenizer, ScoresMergeAsTheRuleSays) {
  std::mt19937 random(7);
  const auto below = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  const std::string alphabet[] = {"a", "b", "\u00e9", "\u4e2d"};
  const auto letters = [&](size_t n) {
    std::vector<std::string> result;
    for (size_t i = 0; i < n; ++i) result.push_back(alphabet[below(4)]);
    return result;
  };
  const auto joined = [](const std::vector<std::string>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::string());
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> pieces{"<unk>", "a", "b", "\u00e9"};  // the fourth letter is only part of others
    std::vector<double> scores{0, -9, -9, -9};
    for (int i = 0; i < 30; ++i) {
      std::string piece = joined(letters(2 + below(4)));
      if (std::find(pieces.begin(), pieces.end(), piece) != pieces.end()) continue;
      pieces.push_back(std::move(piece));
      scores.push_back(-static_cast<double>(below(12)));  // many are equal
    }
    std::vector<int64_t> types(pieces.size(), 1);
    types[0] = 2;
    const Metadata metadata =
        with(with(with(with(with(test::tiny_llama(), "tokens", pieces), "scores", scores), "token_type", types), "add_space_prefix",
                  false),
             "add_bos_token", false);
    const auto tokenizer = test::open_metadata(metadata);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    for (const size_t length : {size_t{1}, size_t{9}, size_t{32}, size_t{33}, size_t{90}}) {
      const std::vector<std::string> symbols = letters(length);
      Ids wanted = merged_by_scores(symbols, pieces, scores);
      // Neighbouring unknown characters are one unknown piece.
      wanted.erase(std::unique(wanted.begin(), wanted.end(), [](TokenId a, TokenId b) { return a == 0 && b == 0; }), wanted.end());
      EXPECT_EQ(test::encode(*tokenizer, joined(symbols)), wanted) << "round " << round << ": " << joined(symbols);
    }
  }
}

TEST(GgufTokenizer, IdsOutsideTheVocabulary) {
  const Tokenizer tokenizer = open(test::tiny_llama());
  for (const TokenId id : {-1, 10, INT32_MAX}) {
    const auto text = tokenizer.decode(Ids{id});
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::tokenizer_error);
    EXPECT_EQ(tokenizer.piece(id), "");
    EXPECT_FALSE(tokenizer.is_control(id));
  }
  EXPECT_EQ(tokenizer.vocab_size(), 10u);
  EXPECT_EQ(*tokenizer.find("ab"), 7);
  EXPECT_FALSE(tokenizer.find("abc"));
  EXPECT_FALSE(tokenizer.find(""));
}

}  // namespace
}  // namespace sotto
