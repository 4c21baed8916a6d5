// Spoiled vocabularies give a typed error or a tokenizer that works; long words take time in proportion. Also under the sanitizer
// presets.
#include "text/nfc.h"
#include "text/tiny_vocab.h"

namespace sotto {
namespace {

using test::Ids;

struct Counts {
  size_t accepted = 0, refused = 0;
};

void try_one(const Result<Tokenizer>& tokenizer, Counts& counts) {
  if (!tokenizer) {
    ++counts.refused;
    EXPECT_FALSE(tokenizer.error().message.empty());
    EXPECT_NE(tokenizer.error().code, ErrorCode::internal) << tokenizer.error().message;
    return;
  }
  ++counts.accepted;
  for (const std::string_view text :
       {std::string_view("ab <s> aab\u00E9\n"), std::string_view("\xFF\xC3 <pad>"), std::string_view()}) {
    const auto ids = tokenizer->encode(text, {.parse_special = true});
    if (!ids) continue;
    const auto decoded = tokenizer->decode(*ids);
    ASSERT_TRUE(decoded) << decoded.error().message;
    StreamDecoder stream(*tokenizer);
    for (const TokenId id : *ids) EXPECT_TRUE(stream.push(id));
  }
  for (const TokenId id : tokenizer->end_of_generation()) EXPECT_LT(static_cast<size_t>(id), tokenizer->vocab_size());
}

/// Cut at every byte, and every bit of the first 4 KiB flipped. `padding`: bytes at the end that may be missing.
template <class Open>
void try_all(const std::string& file, size_t padding, const Open& open) {
  Counts whole, cut, flipped;
  try_one(open(file), whole);
  EXPECT_EQ(whole.accepted, 1u);
  for (size_t n = 0; n < file.size(); ++n) try_one(open(file.substr(0, n)), cut);
  EXPECT_LE(cut.accepted, padding);
  std::string spoiled = file;
  for (size_t bit = 0; bit < 8 * std::min<size_t>(file.size(), 4096); ++bit) {
    const char before = spoiled[bit / 8];
    spoiled[bit / 8] = static_cast<char>(before ^ (1 << bit % 8));
    try_one(open(spoiled), flipped);
    spoiled[bit / 8] = before;
  }
  EXPECT_GT(flipped.accepted, 0u);
  EXPECT_GT(flipped.refused, flipped.accepted / 4);
}

Result<Tokenizer> open_gguf(const std::string& bytes) {
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  SOTTO_ASSIGN(const auto file,
               formats::read_model(memory_source({first, first + bytes.size()}, "tiny.gguf"), {}, {.tokenizer_only = true}));
  return text::make_tokenizer(file);
}

TEST(HostileTokenizer, TokenizerJson) {
  try_all(test::tiny_json().dump(), 0, [](const std::string& text) { return test::tokenizer_of({.tokenizer = text}); });
}
TEST(HostileTokenizer, GgufGpt2) {
  try_all(test::gguf_bytes(test::tiny_gpt2()), 31, open_gguf);
}
TEST(HostileTokenizer, GgufLlama) {
  try_all(test::gguf_bytes(test::tiny_llama()), 31, open_gguf);
}

TEST(HostileTokenizer, DeepAndBrokenJson) {
  for (const std::string& text :
       {std::string(100000, '['), "{\"model\":" + std::string(100000, '[') + std::string(100000, ']') + "}",
        std::string("{\"model\":{\"vocab\":\"\\"), std::string("{\"a\":]}"), std::string("{\"a\" 1}"),
        std::string("{\"\\uD800\":1}"), std::string("\0", 1), std::string("{\"model\":{}}"), std::string("{,}")}) {
    const auto tokenizer = test::tokenizer_of({.tokenizer = text});
    ASSERT_FALSE(tokenizer) << text.substr(0, 40);
    EXPECT_EQ(tokenizer.error().code, ErrorCode::bad_model) << tokenizer.error().message;
  }
}

/// A quarter of a million bytes of one character each: anything quadratic would take minutes here.
TEST(HostileTokenizer, LongWords) {
  SOTTO_NEEDS(gpt2, test::anchor("vocab/ggml-vocab-gpt-2.gguf"));
  SOTTO_NEEDS(llama, test::anchor("vocab/ggml-vocab-llama-spm.gguf"));
  SOTTO_NEEDS(with_added, test::anchor("transformers/tokenizers/added"));
  for (const std::string& path : {gpt2, llama, with_added}) {
    const Tokenizer tokenizer = test::open_tokenizer(path);
    for (const std::string_view character :
         {"a", " ", "\n", "A", "!", "1", "\u4E2D", "\u0301", "\xFF", "'s", " \n", "<", "\u00E9A"}) {
      std::string text;
      while (text.size() < 250000) text += character;
      const Ids ids = test::encode(tokenizer, text);
      if (!text.starts_with(' ') && character != "\u0301") EXPECT_EQ(test::decode(tokenizer, ids).size(), text.size());
    }
  }
}

TEST(HostileTokenizer, LongRunOfMarks) {
  std::string text = "a";
  for (int i = 0; i < 100000; ++i) text += i % 2 ? "\u0301" : "\u0323";
  EXPECT_EQ(text::to_nfc(text).substr(0, 3), "\u1EA1");
}

}  // namespace
}  // namespace sotto
