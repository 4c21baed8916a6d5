// Tiny vocabularies in memory, to be spoiled: tokenizer.json as text, GGUF as metadata or bytes.
#pragma once

#include <functional>

#include "formats/gguf_writer.h"
#include "text/text_test.h"

namespace sotto::test {

/// SentencePiece style: blanks become U+2581, bytes for what is no piece; <s> and </s>; in GGUF also <pad>, which is no control
/// piece.
inline nlohmann::json tiny_json() {
  return nlohmann::json::parse(R"({
    "version": "1.0",
    "added_tokens": [
      {"id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
      {"id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
      {"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
    "normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "pre_tokenizer": null,
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
    "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
      {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
      "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "<0x41>": 3, "<0xC3>": 4, "<0xA9>": 5, "▁": 6,
                "a": 7, "b": 8, "ab": 9, "▁ab": 10, "aa": 11},
      "merges": ["a b", "▁ ab", "a a"]}})");
}

inline Result<Tokenizer> open_json(const nlohmann::json& tokenizer, const nlohmann::json& config = nullptr) {
  return tokenizer_of({.tokenizer = tokenizer.dump(), .config = config.is_null() ? "" : config.dump()});
}

inline formats::Metadata tiny_gpt2() {
  formats::Metadata metadata("tiny.gguf");
  metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  metadata.set("tokenizer.ggml.pre", std::string("gpt-2"));
  metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "ab", "\u0120", "\u0120ab", "<end>", "<bos>"});
  metadata.set("tokenizer.ggml.token_type", std::vector<int64_t>{1, 1, 1, 1, 1, 3, 3});
  metadata.set("tokenizer.ggml.merges", std::vector<std::string>{"a b", "\u0120 ab"});
  metadata.set("tokenizer.ggml.bos_token_id", int64_t{6});
  metadata.set("tokenizer.ggml.eos_token_id", int64_t{5});
  return metadata;
}

inline formats::Metadata tiny_llama() {
  formats::Metadata metadata("tiny.gguf");
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.tokens",
               std::vector<std::string>{"<unk>", "<s>", "</s>", "<0x41>", "\u2581", "a", "b", "ab", "\u2581ab", "<pad>"});
  metadata.set("tokenizer.ggml.token_type", std::vector<int64_t>{2, 3, 3, 6, 1, 1, 1, 1, 1, 4});
  metadata.set("tokenizer.ggml.scores", std::vector<double>{0, 0, 0, 0, -4, -5, -6, -1, -2, 0});
  metadata.set("tokenizer.ggml.bos_token_id", int64_t{1});
  metadata.set("tokenizer.ggml.eos_token_id", int64_t{2});
  metadata.set("tokenizer.ggml.unknown_token_id", int64_t{0});
  return metadata;
}

inline Result<Tokenizer> open_metadata(const formats::Metadata& metadata, const text::TokenizerChoices& choices = {}) {
  formats::ModelFile file;
  file.metadata = metadata;
  return text::make_tokenizer(file, choices);
}

/// The metadata as a GGUF file without tensors.
inline std::string gguf_bytes(const formats::Metadata& metadata) {
  formats::GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  for (const auto& [key, value] : metadata.values()) EXPECT_TRUE(writer.set(key, value));
  std::string bytes;
  EXPECT_TRUE(writer.write_header([&](std::span<const std::byte> part) -> Status {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
    return {};
  }));
  return bytes;
}

}  // namespace sotto::test
