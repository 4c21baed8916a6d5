// How texts are cut into words: the oracle of published patterns, and what is special about single rules.
#include "text/pretokenize.h"

#include "text/pretokenizers.h"
#include "text/text_test.h"

namespace sotto::text {
namespace {

using nlohmann::json;
using Pieces = std::vector<std::string>;

Pieces pieces_of(std::string_view text, std::span<const SplitRule> rules) {
  std::vector<size_t> ends;
  split(text, rules, ends);
  Pieces pieces;
  size_t start = 0;
  for (const size_t end : ends) {
    pieces.emplace_back(text.substr(start, end - start));
    start = end;
  }
  EXPECT_EQ(start, text.size());
  return pieces;
}

Pieces words(std::string_view name, std::string_view text) {
  const NamedPreTokenizer* row = find_pre_tokenizer(name);
  EXPECT_TRUE(row) << name;
  return row ? pieces_of(text, row->rules) : Pieces();
}

/// Whether `pieces` are `matches` in their order, with at most one piece between two of them that is no match.
bool are_matches(const Pieces& pieces, const Pieces& matches) {
  size_t n = 0, gap = 0;
  for (const std::string& piece : pieces) {
    const bool match = n < matches.size() && piece == matches[n];
    n += match;
    gap = match ? 0 : gap + 1;
    if (gap > 1) return false;
  }
  return n == matches.size();
}

TEST(Pretokenize, OracleOfPublishedPatterns) {
  SOTTO_NEEDS(patterns_path, test::anchor("tokenize/splitRegexPatterns.json"));
  SOTTO_NEEDS(oracle_path, test::anchor("tokenize/splitRegexOracle.json"));
  const json file = test::read_json(patterns_path), oracle = test::read_json(oracle_path).at("tokens");
  size_t n_patterns = 0, n_splits = 0;
  const auto check = [&](const json& pattern, const json& own, const std::string& name) {
    const SplitRule* rule = find_split_pattern(pattern.at("pattern").get<std::string>());
    if (!rule) return;
    ++n_patterns;
    const auto setting = [&](const char* key) {
      return own.contains(key) ? own[key] : pattern.contains(key) ? pattern[key] : file.at("defaults").at(key);
    };
    const bool matches_only = setting("behavior") == "Removed" && setting("invert") == true;
    const json inputs = setting("inputs");
    for (size_t i = 0; i < inputs.size(); ++i, ++n_splits) {
      const Pieces got = pieces_of(inputs[i].get<std::string>(), std::span(rule, 1)), wanted = oracle.at(name).at(i);
      if (matches_only)
        EXPECT_TRUE(are_matches(got, wanted)) << name << " " << inputs[i] << ": " << json(got) << "; wanted " << json(wanted);
      else if (setting("behavior") == "Isolated")
        EXPECT_EQ(got, wanted) << name << " " << inputs[i];
      else  // what is between matches
        EXPECT_TRUE(std::includes(got.begin(), got.end(), wanted.begin(), wanted.end(), [](auto&, auto&) { return false; }))
            << name;
    }
  };
  json by_id;
  for (const json& pattern : file.at("patterns")) {
    by_id[pattern.at("id").get<std::string>()] = pattern;
    check(pattern, json::object(), pattern.value("name", pattern.at("id").get<std::string>()));
  }
  for (const json& extra : file.at("additionalCases"))
    check(by_id.at(extra.at("patternId").get<std::string>()), extra, extra.at("name").get<std::string>());
  EXPECT_EQ(n_patterns, 30u);  // of 146; the others are no rules of language models
  EXPECT_EQ(n_splits, 507u);
}

TEST(Pretokenize, NamedRules) {
  EXPECT_EQ(words("gpt-2", "I'm 1234  ok!\n"), (Pieces{"I", "'m", " 1234", " ", " ok", "!", "\n"}));
  EXPECT_EQ(words("llama-bpe", "I'M 1234  ok!\n\n x"), (Pieces{"I", "'M", " ", "123", "4", " ", " ok", "!\n\n", " x"}));
  EXPECT_EQ(words("qwen2", "a 123"), (Pieces{"a", " ", "1", "2", "3"}));
  EXPECT_EQ(words("smollm", "a 123 b"), (Pieces{"a", " ", "1", "2", "3", " b"}));
  EXPECT_EQ(words("starcoder", "x=10"), (Pieces{"x", "=", "1", "0"}));
  EXPECT_EQ(words("tekken", "HelloWorld it's"), (Pieces{"Hello", "World", " it", "'s"}));
  EXPECT_EQ(words("gpt-4o", "HelloWorld it's"), (Pieces{"Hello", "World", " it's"}));
  EXPECT_EQ(words("deepseek-llm", "ab 12\n"), (Pieces{"ab", " ", "12", "\n"}));
  EXPECT_EQ(words("deepseek-coder", "ab 12\n"), (Pieces{"ab", " ", "1", "2", "\n"}));
  EXPECT_EQ(words("deepseek-v3", "a/path 1234"), (Pieces{"a", "/path", " ", "123", "4"}));
  EXPECT_EQ(words("falcon", "a, 12345"), (Pieces{"a", ",", " ", "123", "45"}));
  EXPECT_EQ(find_pre_tokenizer("no-such-name"), nullptr);
}

/// The pieces are those of HF tokenizers 0.23.
TEST(Pretokenize, PatternOfGpt4AndLettersOfUnicode16) {
  const SplitRule* rule = find_split_pattern(
      R"__('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)__");
  ASSERT_TRUE(rule);
  EXPECT_EQ(pieces_of("I'M 1234  ok!\n\n \n\n x\u1C8A\U00010D40", std::span(rule, 1)),
            (Pieces{"I", "'M", " ", "123", "4", " ", " ok", "!\n\n", " \n\n", " x\u1C8A", "\U00010D40"}));
}

TEST(Pretokenize, MarkStartsAWord) {
  const SplitRule rules[] = {kMarkedWords};
  EXPECT_EQ(pieces_of("\u2581\u2581a\u2581bc", rules), (Pieces{"\u2581", "\u2581a", "\u2581bc"}));
  EXPECT_EQ(pieces_of("a\u2581", rules), (Pieces{"a", "\u2581"}));
}

/// Whatever bytes come, the pieces are the text; and a character is not cut.
TEST(Pretokenize, AnyBytesComeBack) {
  uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525u + 1013904223u, state >> 16; };
  constexpr std::string_view kBits[] = {"a",      "B",      " ",    "\n",       "\r", "'s",     "1",  "\u4E2D",
                                        "\u00E9", "\u0301", "\xFF", "\xE4\xB8", "!",  "\u2581", "\t", "\U0001F600"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (uint32_t n = next() % 40; n > 0; --n) text += kBits[next() % std::size(kBits)];
    for (const char* name : {"gpt-2", "llama-bpe", "qwen2", "smollm", "tekken", "gpt-4o", "deepseek-llm", "deepseek-coder",
                             "deepseek-v3", "falcon", "bloom", "viking", "default", "qwen35", "seed-coder"}) {
      std::string joined;
      for (const std::string& piece : words(name, text)) {
        EXPECT_FALSE(piece.empty());
        joined += piece;
      }
      EXPECT_EQ(joined, text) << name;
    }
  }
}

}  // namespace
}  // namespace sotto::text
