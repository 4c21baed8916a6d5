// StreamDecoder: the text of ids that arrive one by one is the text of all of them, and no piece holds half a character.
#include "formats/utf8.h"
#include "text/bpe.h"
#include "text/text_test.h"

namespace sotto {
namespace {

using test::Ids;

/// Byte-level BPE of 256 single bytes: every cut of a text into ids is possible.
Tokenizer byte_tokenizer() {
  std::string vocab;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string piece;
    text::append_utf8(text::byte_to_character(static_cast<uint8_t>(byte)), piece);
    vocab += (byte ? "," : "") + nlohmann::json(piece).dump() + ":" + std::to_string(byte);
  }
  auto tokenizer = test::tokenizer_of({.tokenizer = R"({"model":{"type":"BPE","vocab":{)" + vocab + R"(},"merges":[]},
        "added_tokens":[{"id":256,"content":"<end>","special":true,
          "lstrip":false,"rstrip":false,"single_word":false,"normalized":false}],
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"}})"});
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *tokenizer;
}

std::string stream(StreamDecoder& decoder, const Ids& ids, bool whole_characters = true) {
  std::string text;
  for (const TokenId id : ids) {
    const auto piece = decoder.push(id);
    EXPECT_TRUE(piece);
    if (whole_characters) EXPECT_TRUE(formats::is_utf8(*piece));
    text += *piece;
  }
  return text + decoder.finish();
}

TEST(StreamDecoder, NeverSplitsACharacter) {
  const Tokenizer tokenizer = byte_tokenizer();
  const std::string text = "a\u00E9\u4E2D\U0001F600\u0301 end";
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(stream(decoder, test::encode(tokenizer, text)), text);
  EXPECT_EQ(decoder.invalid_bytes(), 0u);
  StreamDecoder early(tokenizer);
  EXPECT_EQ(*early.push(0xC3), "");
  EXPECT_EQ(*early.push(0xA9), "\u00E9");
}

/// As Python's bytes.decode('utf-8', 'replace') has it.
TEST(StreamDecoder, ReplacesWhatIsNoCharacter) {
  const Tokenizer tokenizer = byte_tokenizer();
  struct Case {
    Ids ids;
    const char* text;
    size_t invalid;
  };
  for (const Case& c :
       {Case{{'a', 0xFF, 'b'}, "a\uFFFDb", 1}, Case{{0xE4, 0xB8}, "\uFFFD", 2}, Case{{0xE4, 0xB8, 'x'}, "\uFFFDx", 2},
        Case{{0xC0, 0x80}, "\uFFFD\uFFFD", 2}, Case{{0xED, 0xA0, 0x80}, "\uFFFD\uFFFD\uFFFD", 3},
        Case{{0xF0, 0x9F, 0x98, 0xC3, 0xA9}, "\uFFFD\u00E9", 3}, Case{{0xF4, 0x90, 0x80, 0x80}, "\uFFFD\uFFFD\uFFFD\uFFFD", 4}}) {
    StreamDecoder decoder(tokenizer);
    EXPECT_EQ(stream(decoder, c.ids), c.text);
    EXPECT_EQ(decoder.invalid_bytes(), c.invalid) << c.text;
  }
}

TEST(StreamDecoder, SkipsControlPiecesAndRefusesUnknownIds) {
  const Tokenizer tokenizer = byte_tokenizer();
  StreamDecoder decoder(tokenizer), shows(tokenizer, {.skip_special = false});
  EXPECT_EQ(*decoder.push(256), "");
  EXPECT_EQ(*shows.push(256), "<end>");
  for (const TokenId id : {257, -1}) {
    const auto piece = decoder.push(id);
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().code, ErrorCode::tokenizer_error);
  }
}

/// Random bytes, and a text cut in two at any id: the same as at once.
TEST(StreamDecoder, RandomCuts) {
  const Tokenizer tokenizer = byte_tokenizer();
  uint32_t state = 7;
  const auto next = [&] { return state = state * 1664525u + 1013904223u, state >> 16; };
  constexpr std::string_view kParts[] = {"a", "\u00E9", "\u4E2D", "\U0001F600", "\xFF", "\xF0\x9F", "\x80"};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (uint32_t n = next() % 12; n > 0; --n) text += kParts[next() % std::size(kParts)];
    const Ids ids = test::encode(tokenizer, text);
    EXPECT_EQ(test::decode(tokenizer, ids), text);
    StreamDecoder decoder(tokenizer);
    const std::string streamed = stream(decoder, ids);
    EXPECT_TRUE(formats::is_utf8(streamed));
    if (formats::is_utf8(text)) {
      EXPECT_EQ(streamed, text);
      EXPECT_EQ(decoder.invalid_bytes(), 0u);
    } else {
      EXPECT_GT(decoder.invalid_bytes(), 0u);
    }
  }
}

TEST(StreamDecoder, FirstBlankOfSentencePiece) {
  SOTTO_NEEDS(path, test::anchor("models/stories260K.f32.gguf"));
  SOTTO_NEEDS(text_path, test::anchor("text/frankenstein_chap1.txt"));
  const Tokenizer tokenizer = test::open_tokenizer(path);
  const std::string text = test::read_text(text_path).substr(0, 5000);
  Ids ids = test::encode(tokenizer, text, {.add_special = true});
  StreamDecoder decoder(tokenizer), continues(tokenizer, {.skip_special = true, .continues = true});
  EXPECT_EQ(stream(decoder, ids, false), text);
  EXPECT_EQ(stream(continues, ids, false), " " + text);
}

}  // namespace
}  // namespace sotto
