#include "formats/hf_folder.h"

#include <cmath>

#include "formats/format_test.h"
#include "formats/safetensors_writer.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

using Files = std::map<std::string, std::string>;

std::string weights(const std::string& tensor = "w") {
  const auto data = as_bytes("1234");
  std::string file;
  EXPECT_TRUE(write_safetensors(std::vector<SafetensorsTensor>{{tensor, quant::DType::f32, {1}, data}}, {}, sink_into(file)));
  return file;
}
Result<ModelFile> read(const Files& files, const ReadOptions& options = {}) {
  return read_hf_folder("folder", opener_of(files), options);
}

Metadata flat(const std::string& config) {
  Metadata metadata("config.json");
  const auto json = Json::parse(config, "config.json");
  EXPECT_TRUE(json) << text_of(json);
  const Status status = flatten(*json, metadata);
  EXPECT_TRUE(status) << text_of(status);
  return metadata;
}

TEST(HfFolder, NestedObjectsBecomeDottedKeys) {
  const Metadata m = flat(
      R"({"hidden_size":64,"rope_parameters":{"rope_theta":1e4,"full_attention":{"rope_theta":1000000.0,"rope_type":"default"}},
    "empty":{},"none":null,"tied":false})");
  EXPECT_EQ(*m.integer("hidden_size", 1, 100), 64);
  EXPECT_EQ(*m.number("rope_parameters.rope_theta", 0, 1e9), 1e4);
  EXPECT_EQ(*m.number("rope_parameters.full_attention.rope_theta", 0, 1e9), 1e6);
  EXPECT_EQ(*m.string("rope_parameters.full_attention.rope_type"), "default");
  EXPECT_FALSE(m.has("rope_parameters"));
  EXPECT_TRUE(m.has("empty"));
  EXPECT_FALSE(m.has("none"));
  EXPECT_FALSE(*m.boolean("tied"));
}

TEST(HfFolder, ArraysKeepTheirKind) {
  const Metadata m = flat(
      R"({"i":[1,2],"s":["a"],"f":[1,2.5],"b":[true],"e":[],"mixed":[1,"a"],"nested":[[1]],"big":[18446744073709551615],"nulls":[null]})");
  EXPECT_EQ(copy_of(m.integers("i")), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(copy_of(m.strings("s")), std::vector<std::string>{"a"});
  EXPECT_EQ(copy_of(m.numbers("f")), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(kind_of(*m.find("b")), "array of booleans");
  EXPECT_TRUE(m.strings("e")->empty());
  for (const char* key : {"mixed", "nested", "big", "nulls"}) EXPECT_EQ(kind_of(*m.find(key)), "array") << key;
  EXPECT_REFUSED(m.integers("mixed"), ErrorCode::bad_model, "is array");
}

TEST(HfFolder, FlattenedKeysMustBeUniqueShortAndFew) {
  Metadata metadata("config.json");
  const auto refused = [&](const std::string& text) {
    Metadata m("config.json");
    return flatten(*Json::parse(text, "config.json"), m);
  };
  EXPECT_REFUSED(refused(R"({"a.b":1,"a":{"b":2}})"), ErrorCode::bad_model, "a.b");
  EXPECT_REFUSED(refused("{\"" + std::string(300, 'k') + "\":1}"), ErrorCode::bad_model, "256");
  EXPECT_REFUSED(refused("[]"), ErrorCode::bad_model, "object");
  std::string many = "{\"x\":0";
  for (int i = 0; i < 70000; ++i) many += ",\"" + std::to_string(i) + "\":0";
  EXPECT_REFUSED(refused(many + "}"), ErrorCode::bad_model, "65536");
}

TEST(HfFolder, TextsAreReadAsTheyLie) {
  const auto model = read({{"config.json", R"({"model_type":"llama"})"},
                           {"model.safetensors", weights()},
                           {"tokenizer.json", "{ }"},
                           {"tokenizer_config.json", "{}"},
                           {"special_tokens_map.json", "[]"},
                           {"chat_template.jinja", "{{ x }}\n"},
                           {"generation_config.json", "{\"a\":1}"}});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->format, "safetensors");
  EXPECT_EQ(model->naming, Naming::hugging_face);
  EXPECT_EQ(*model->metadata.string("model_type"), "llama");
  EXPECT_EQ(model->hugging_face.tokenizer_json, "{ }");
  EXPECT_EQ(model->hugging_face.tokenizer_config_json, "{}");
  EXPECT_EQ(model->hugging_face.special_tokens_map_json, "[]");
  EXPECT_EQ(model->hugging_face.chat_template, "{{ x }}\n");
  EXPECT_EQ(model->hugging_face.generation_config_json, "{\"a\":1}");
}

TEST(HfFolder, WhatIsMissingIsNamed) {
  EXPECT_REFUSED(read({{"model.safetensors", weights()}}), ErrorCode::not_found, "config.json");
  EXPECT_REFUSED(read({{"config.json", "{}"}}), ErrorCode::not_found, "model.safetensors");
  EXPECT_REFUSED(read({}, {.tokenizer_only = true}), ErrorCode::not_found, "config.json");
  EXPECT_REFUSED(read_model(source_of(weights(), "model.safetensors"), opener_of({})), ErrorCode::not_found, "config.json");
  EXPECT_REFUSED(read_model(source_of(weights(), "model.safetensors"), {}), ErrorCode::not_found, "config.json");
}

TEST(HfFolder, AConfigThatIsNoJsonIsNamed) {
  EXPECT_REFUSED(read({{"config.json", "{\"a\":"}, {"model.safetensors", weights()}}), ErrorCode::bad_model, "config.json:5");
  EXPECT_REFUSED(read({{"config.json", "[1]"}, {"model.safetensors", weights()}}), ErrorCode::bad_model, "config.json");
}

TEST(HfFolder, TokenizerOnlyNeedsNoWeightsAndNoConfig) {
  EXPECT_TRUE(read({{"config.json", "{}"}}, {.tokenizer_only = true}));
  EXPECT_TRUE(read({{"tokenizer.json", "{}"}}, {.tokenizer_only = true}));
  SOTTO_NEEDS(path, test::anchor("transformers/tokenizers/llama3"));
  const auto model = read_model(path, {.tokenizer_only = true});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->hugging_face.tokenizer_json, test::read_text(path + "/tokenizer.json"));
  EXPECT_FALSE(model->hugging_face.chat_template.empty());
}

TEST(HfFolder, AnotherConfigCanBeNamed) {
  SOTTO_NEEDS(path, test::anchor("transformers/gemma3"));
  const auto now = read_model(path), legacy = read_model(path, {.config_name = "config-legacy.json"});
  ASSERT_TRUE(now) << text_of(now);
  ASSERT_TRUE(legacy) << text_of(legacy);
  EXPECT_EQ(*now->metadata.number("rope_parameters.full_attention.rope_theta", 1, 1e9), 1e6);
  EXPECT_EQ(*legacy->metadata.number("rope_theta", 1, 1e9), 1e6);
  EXPECT_EQ(now->metadata.strings("layer_types")->size(), 7u);
  EXPECT_EQ(now->tensors.size(), legacy->tensors.size());
}

TEST(HfFolder, AWeightsFileAloneStandsForItsFolder) {
  SOTTO_NEEDS(path, test::anchor("models/stories260K-hf"));
  const auto folder = read_model(path), file = read_model(path + "/model.safetensors"),
             unmapped = read_model(path, {.access = FileAccess::read});
  ASSERT_TRUE(folder) << text_of(folder);
  ASSERT_TRUE(file) << text_of(file);
  ASSERT_TRUE(unmapped) << text_of(unmapped);
  EXPECT_EQ(folder->tensors.size(), file->tensors.size());
  EXPECT_EQ(folder->metadata.values().size(), file->metadata.values().size());
  EXPECT_TRUE(unmapped->sources[0]->view().empty());
  EXPECT_EQ(folder->tensor_bytes(), unmapped->tensor_bytes());
}

TEST(HfFolder, EveryModelOfTheAnchorsOpens) {
  SOTTO_NEEDS(path, test::anchor("transformers"));
  const auto bad = test::read_json(path + "/bad-configs.json");
  size_t n_models = 0;
  for (const char* kind : {"llama", "llama-bias", "llama-gqa-tied", "llama-gqa-tied-bf16", "llama-gqa-tied-f16", "mistral", "gpt2",
                           "qwen2", "qwen3", "gemma3", "gpt_oss", "lfm2", "mamba2", "deepseek_v3", "phi3-longrope"}) {
    const auto model = read_model(path + "/" + kind);
    ASSERT_TRUE(model) << kind << ": " << text_of(model);
    EXPECT_EQ(*model->metadata.string("model_type"),
              test::read_json(path + "/" + kind + "/config.json").at("model_type").get<std::string>());
    n_models += !model->tensors.empty();
  }
  EXPECT_EQ(n_models, 15u);
}

}  // namespace
}  // namespace sotto::formats
