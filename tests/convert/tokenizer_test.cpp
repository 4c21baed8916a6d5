// Tokenizers of Hugging Face folders to GGUF: the same ids for the same texts, or `unsupported`.
#include <sstream>

#include "convert/convert_test.h"
#include "formats/safetensors_writer.h"
#include "text/make_tokenizer.h"
#include "text/text_test.h"

namespace sotto::convert {
namespace {

using nlohmann::json;
using test::Ids;

constexpr EncodeOptions kPlain{.add_special = false, .parse_special = false}, kFull{.add_special = true, .parse_special = true};

class TokenizerFolder : public ConvertTest {
 protected:
  void SetUp() override {
    ConvertTest::SetUp();
    std::filesystem::create_directory(path("model"));
  }

  /// A model of one layer with so many ids around the tokenizer files in model/.
  void write_model(size_t n_vocab) const {
    constexpr uint64_t kWidth = 32;
    const json config = {{"model_type", "llama"},         {"vocab_size", n_vocab},       {"num_hidden_layers", 1},
                         {"hidden_size", kWidth},         {"intermediate_size", kWidth}, {"num_attention_heads", 1},
                         {"max_position_embeddings", 64}, {"rms_norm_eps", 1e-5},        {"hidden_act", "silu"},
                         {"tie_word_embeddings", true}};
    write("model/config.json", config.dump());
    const std::vector<std::byte> zeros(n_vocab * kWidth * 2);
    std::vector<formats::SafetensorsTensor> tensors;
    const auto add = [&](const std::string& name, std::vector<uint64_t> shape) {
      const size_t n = static_cast<size_t>(shape.size() == 2 ? shape[0] * shape[1] : shape[0]);
      tensors.push_back({name, quant::DType::f16, std::move(shape), std::span(zeros).first(n * 2)});
    };
    add("model.embed_tokens.weight", {n_vocab, kWidth});
    add("model.norm.weight", {kWidth});
    for (const char* name : {"input_layernorm", "post_attention_layernorm"})
      add("model.layers.0." + std::string(name) + ".weight", {kWidth});
    for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
                             "mlp.up_proj", "mlp.down_proj"})
      add("model.layers.0." + std::string(name) + ".weight", {kWidth, kWidth});
    std::string bytes;
    ASSERT_TRUE(formats::write_safetensors(tensors, {}, [&](std::span<const std::byte> more) {
      bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
      return Status();
    }));
    write("model/model.safetensors", bytes);
  }

  void copy_tokenizer(const std::string& folder) const {
    for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"})
      if (std::filesystem::exists(folder + "/" + name)) write("model/" + std::string(name), test::read_text(folder + "/" + name));
  }

  Result<QuantizeReport> quantize() const { return quantize_file(path("model"), path("out.gguf")); }
  Tokenizer original() const { return test::open_tokenizer(path("model")); }
  Tokenizer written() const { return test::open_tokenizer(path("out.gguf")); }
};

void expect_same_ids(const Tokenizer& original, const Tokenizer& written, const std::string& text) {
  for (const EncodeOptions& options : {kPlain, kFull}) {
    const Ids wanted = test::encode(original, text, options), got = test::encode(written, text, options);
    EXPECT_EQ(test::difference(written, got, wanted), "") << json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    EXPECT_EQ(test::decode(written, got), test::decode(original, wanted));
  }
}

struct Kind {
  const char* folder;
  const char* model;
  const char* pre;
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.folder;
}

class TokenizerAnchors : public TokenizerFolder, public testing::WithParamInterface<Kind> {};

TEST_P(TokenizerAnchors, SameIds) {
  SOTTO_NEEDS(folder, test::anchor(std::string("transformers/tokenizers/") + GetParam().folder));
  copy_tokenizer(folder);
  const Tokenizer hf = original();
  const size_t n_vocab = hf.vocab_size() + 3;  // three ids without a piece
  write_model(n_vocab);
  const auto report = quantize();
  ASSERT_TRUE(report) << text_of(report);
  const Tokenizer gguf = written();
  const json cases = test::read_json(folder + "/cases.json").at("cases");
  for (const json& c : cases) {
    const std::string text = c.at("text");
    EXPECT_EQ(test::difference(gguf, test::encode(gguf, text, {.add_special = false, .parse_special = true}), c.at("ids")), "")
        << c.at("text");
    EXPECT_EQ(test::difference(gguf, test::encode(gguf, text, kFull), c.at("ids_with_special")), "") << c.at("text");
    expect_same_ids(hf, gguf, text);
  }
  EXPECT_GE(cases.size(), 142u);
  EXPECT_EQ(gguf.vocab_size(), n_vocab);
  EXPECT_EQ(gguf.bos(), hf.bos());
  EXPECT_EQ(gguf.eos(), hf.eos());
  EXPECT_EQ(gguf.adds_bos(), hf.adds_bos());
  EXPECT_TRUE(std::ranges::equal(gguf.end_of_generation(), hf.end_of_generation()));
  const auto file = formats::read_model(path("out.gguf"));
  EXPECT_EQ(*file->metadata.string("tokenizer.ggml.model"), GetParam().model);
  EXPECT_EQ(*file->metadata.string("tokenizer.ggml.pre"), GetParam().pre);
  EXPECT_EQ(*file->metadata.string("tokenizer.chat_template"), test::read_text(folder + "/chat_template.jinja"));
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerAnchors,
                         testing::Values(Kind{"gpt2", "gpt2", "gpt-2"}, Kind{"llama", "llama", "default"},
                                         Kind{"llama3", "gpt2", "dbrx"}, Kind{"qwen2", "gpt2", "qwen2"},
                                         Kind{"gemma", "llama", "default"}),
                         [](const auto& info) { return std::string(info.param.folder); });

TEST_F(TokenizerFolder, WhatGgufCannotHold) {
  for (const auto& [name, part] : {std::pair("added", "lstrip"), std::pair("bert", "WordPiece"), std::pair("t5", "Unigram")}) {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/tokenizers/") + name));
    copy_tokenizer(folder);
    write_model(600);
    EXPECT_REFUSED(quantize(), ErrorCode::unsupported, part);
    EXPECT_EQ(names(), std::vector<std::string>{"model"});
  }
}

TEST_F(TokenizerFolder, ChangedTokenizers) {
  SOTTO_NEEDS(gpt2, test::anchor("transformers/tokenizers/gpt2"));
  SOTTO_NEEDS(llama, test::anchor("transformers/tokenizers/llama"));
  const auto quantize_with = [&](const std::string& folder, size_t n_vocab, const json& fields) {
    copy_tokenizer(folder);
    json tokenizer = test::read_json(folder + "/tokenizer.json");
    tokenizer.merge_patch(fields);
    write("model/tokenizer.json", tokenizer.dump());
    write_model(n_vocab);
    return quantize();
  };
  // A blank in front of byte-level texts; NFC with the split of GPT-2.
  EXPECT_REFUSED(quantize_with(gpt2, 600, {{"pre_tokenizer", {{"add_prefix_space", true}}}}), ErrorCode::unsupported, "cuts words");
  EXPECT_REFUSED(quantize_with(gpt2, 600, {{"normalizer", {{"type", "NFC"}}}}), ErrorCode::unsupported, "cuts words");
  // A mark at the start only: readers of GGUF put one behind control pieces, too.
  EXPECT_REFUSED(
      quantize_with(
          llama, 600,
          {{"normalizer", nullptr},
           {"pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "first"}, {"split", false}}}}),
      ErrorCode::unsupported, "differently");
  // A piece that no merge makes: with scores it would be made.
  json merges = test::read_json(llama + "/tokenizer.json").at("model").at("merges");
  const auto er = std::find(merges.begin(), merges.end(), json{"e", "r"});
  ASSERT_NE(er, merges.end());
  merges.erase(er);
  EXPECT_REFUSED(quantize_with(llama, 600, {{"model", {{"merges", merges}}}}), ErrorCode::unsupported, "differently");
  EXPECT_REFUSED(quantize_with(llama, 500, json::object()), ErrorCode::bad_model, "only 500");
  EXPECT_REFUSED(quantize_with(llama, 600, {{"model", {{"byte_fallback", false}}}}), ErrorCode::unsupported, "bytes");
}

TEST_F(TokenizerFolder, TextsOfStories260K) {
  SOTTO_NEEDS(folder, test::anchor("models/stories260K-hf"));
  SOTTO_NEEDS(published, test::anchor("models/stories260K.f32.gguf"));
  SOTTO_NEEDS(chapter_path, test::anchor("text/frankenstein_chap1.txt"));
  const auto report = quantize_file(folder, path("out.gguf"));
  ASSERT_TRUE(report) << text_of(report);
  EXPECT_EQ(report->kept.size(), 5u);  // rows of 172
  const Tokenizer hf = test::open_tokenizer(folder), gguf = written();
  const std::string chapter = test::read_text(chapter_path);
  expect_same_ids(hf, gguf, chapter);
  EXPECT_EQ(test::encode(gguf, chapter).size(), 23081u);
  for (const char* text : {"", " ", "  two\n\n\tlines ", "\xF0\x9F\xA6\x99 \u2581 h\u00E9", "<s> a</s>"})
    expect_same_ids(hf, gguf, text);

  // Published converters write the same weights in the same order of rows.
  const auto wanted = formats::read_model(published), got = formats::read_model(path("out.gguf"));
  ASSERT_TRUE(wanted && got);
  for (const auto& tensor : wanted->tensors) {
    const auto* own = got->find(tensor.name);
    if (!own) {
      EXPECT_EQ(tensor.name, "output.weight");  // tied
      continue;
    }
    EXPECT_TRUE(bytes_of(*got, *own) == encoded(numbers_of(*wanted, tensor), own->type)) << tensor.name;
  }
}

/// The 32,000 pieces of Llama, with the merges that converters of Hugging Face make of their scores.
TEST_F(TokenizerFolder, LlamaVocabulary) {
  SOTTO_NEEDS(published, test::anchor("vocab/ggml-vocab-llama-spm.gguf"));
  SOTTO_NEEDS(inputs_path, test::anchor("vocab/ggml-vocab-llama-spm.gguf.inp"));
  SOTTO_NEEDS(llama, test::anchor("transformers/tokenizers/llama"));
  const auto file = formats::read_model(published, {.tokenizer_only = true});
  ASSERT_TRUE(file) << text_of(file);
  const auto pieces = *file->metadata.strings("tokenizer.ggml.tokens");
  const auto types = *file->metadata.integers("tokenizer.ggml.token_type");
  const auto scores = *file->metadata.numbers("tokenizer.ggml.scores");
  json vocab = json::object();
  for (size_t i = 0; i < pieces.size(); ++i) vocab[pieces[i]] = i;
  struct Merge {
    double score;
    std::string left, right;
  };
  std::vector<Merge> merges;
  for (size_t i = 0; i < pieces.size(); ++i)
    for (size_t cut = 1; types[i] == 1 && cut < pieces[i].size(); ++cut)
      if (vocab.contains(pieces[i].substr(0, cut)) && vocab.contains(pieces[i].substr(cut)))
        merges.push_back({scores[i], pieces[i].substr(0, cut), pieces[i].substr(cut)});
  std::sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    return std::tuple(a.score, a.left.size(), a.left) > std::tuple(b.score, b.left.size(), b.left);
  });
  json tokenizer = test::read_json(llama + "/tokenizer.json");
  tokenizer["model"]["vocab"] = vocab;
  tokenizer["model"]["merges"] = json::array();
  for (const Merge& merge : merges) tokenizer["model"]["merges"].push_back({merge.left, merge.right});
  write("model/tokenizer.json", tokenizer.dump());
  write("model/tokenizer_config.json", test::read_text(llama + "/tokenizer_config.json"));
  write_model(pieces.size());
  const auto report = quantize();
  ASSERT_TRUE(report) << text_of(report);
  const Tokenizer gguf = written(), wanted = test::open_tokenizer(published);
  expect_same_ids(wanted, gguf, test::read_text(inputs_path));
}

}  // namespace
}  // namespace sotto::convert
