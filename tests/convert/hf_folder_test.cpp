// Hugging Face folders to GGUF, on the anchors of transformers/: the spec that readers see, every number, and the logits.
#include <cmath>

#include "convert/convert_test.h"
#include "model/arch/architecture.h"
#include "model/golden.h"

namespace sotto::convert {
namespace {

using formats::ModelFile;
using model::ModelSpec;
using model::Role;
using model::RopeScaling;
using quant::DType;

std::string anchor_folder(const std::string& name) {
  return test::anchor("transformers/" + name);
}

using HfFolder = ConvertTest;
class HfFolders : public ConvertTest, public testing::WithParamInterface<const char*> {};

void expect_same_spec(const ModelSpec& got, const ModelSpec& wanted) {
  EXPECT_EQ(got.architecture->gguf_name, wanted.architecture == &model::kMistral ? "llama" : wanted.architecture->gguf_name);
  for (const auto member : {&ModelSpec::n_vocab, &ModelSpec::n_layers, &ModelSpec::dim, &ModelSpec::n_heads, &ModelSpec::n_kv_heads,
                            &ModelSpec::head_dim, &ModelSpec::ffn_dim, &ModelSpec::max_context, &ModelSpec::rotary_dim})
    EXPECT_EQ(got.*member, wanted.*member);
  for (const auto member :
       {&ModelSpec::norm_eps, &ModelSpec::embedding_scale, &ModelSpec::attention_soft_cap, &ModelSpec::logit_soft_cap})
    EXPECT_EQ(got.*member, wanted.*member);
  EXPECT_EQ(got.norm, wanted.norm);
  EXPECT_EQ(got.positions, wanted.positions);
  EXPECT_EQ(got.activation, wanted.activation);
  EXPECT_EQ(got.gated, wanted.gated);
  EXPECT_EQ(got.tied_head, wanted.tied_head);
  ASSERT_EQ(got.layers.size(), wanted.layers.size());
  for (size_t i = 0; i < got.layers.size(); ++i) {
    EXPECT_EQ(got.layers[i].window, wanted.layers[i].window) << i;
    EXPECT_EQ(got.layers[i].rope, wanted.layers[i].rope) << i;
    // Gemma's query_pre_attn_scalar has no key: it is in the q norm, which the logits show.
    if (wanted.architecture != &model::kGemma3) EXPECT_EQ(got.layers[i].attention_scale, wanted.layers[i].attention_scale) << i;
  }
  ASSERT_EQ(got.ropes.size(), wanted.ropes.size());
  for (size_t i = 0; i < got.ropes.size(); ++i) {
    const model::RopeSpec &a = got.ropes[i], &b = wanted.ropes[i];
    EXPECT_EQ(a.theta, b.theta);
    if (b.scaling == RopeScaling::llama3) {
      EXPECT_EQ(a.scaling, RopeScaling::none);  // the factors are a tensor
      continue;
    }
    EXPECT_EQ(a.scaling, b.scaling);
    EXPECT_EQ(a.factor, b.factor);
    EXPECT_EQ(a.original_context, b.original_context);
    EXPECT_FLOAT_EQ(static_cast<float>(a.attention_factor), static_cast<float>(b.attention_factor));
    EXPECT_EQ(a.beta_fast, b.beta_fast);
    EXPECT_EQ(a.beta_slow, b.beta_slow);
  }
}

/// The numbers of one tensor of the folder as GGUF has them: (rows, columns).
std::vector<float> expected_numbers(const ModelFile& file, const formats::TensorEntry& tensor, const ModelSpec& spec, Role role) {
  const std::vector<float> in = numbers_of(file, tensor);
  std::vector<float> out = in;
  const bool llama = spec.architecture == &model::kLlama || spec.architecture == &model::kMistral;
  if (spec.architecture == &model::kGpt2 && model::is_linear(role) && role != Role::head) {
    const size_t columns = tensor.shape[0], rows = tensor.shape[1];
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c) out[r * columns + c] = in[c * rows + r];
  } else if (llama && (role == Role::q || role == Role::k || role == Role::q_bias || role == Role::k_bias)) {
    const size_t columns = tensor.shape.size() == 2 ? tensor.shape[1] : 1, half = spec.head_dim / 2;
    for (size_t head = 0; head < tensor.shape[0] / spec.head_dim; ++head)
      for (size_t pair = 0; pair < half; ++pair)
        for (size_t side = 0; side < 2; ++side)
          std::copy_n(&in[(head * spec.head_dim + side * half + pair) * columns], columns,
                      &out[(head * spec.head_dim + 2 * pair + side) * columns]);
  } else if (spec.architecture == &model::kGemma3 && tensor.shape.size() == 1) {
    const float factor = role == Role::q_norm ? std::sqrt(static_cast<float>(spec.head_dim)) * spec.layers[0].attention_scale : 1;
    for (float& x : out) x = (x + 1) * factor;
  }
  return out;
}

std::string with_layer(std::string_view name, size_t layer) {
  std::string text(name);
  if (const size_t at = text.find("{}"); at != std::string::npos) text.replace(at, 2, std::to_string(layer));
  return text;
}

/// Every tensor of the folder is in the GGUF file, in its new order and type.
void expect_same_tensors(const ModelFile& folder, const ModelFile& gguf, const ModelSpec& spec, DType type, size_t n_extra) {
  size_t n_found = 0;
  for (const model::TensorRule& rule : spec.architecture->tensors) {
    for (size_t layer = 0; layer < (model::per_layer(rule.role) ? spec.n_layers : 1); ++layer) {
      const std::string name = with_layer(rule.hugging_face, layer);
      const auto* from = folder.find(name);
      if (!from) from = folder.find(std::string(spec.architecture->hf_prefix) + name);
      if (!from) continue;
      ++n_found;
      const auto* to = gguf.find(with_layer(rule.gguf, layer));
      ASSERT_TRUE(to) << name;
      const auto expected = expected_numbers(folder, *from, spec, rule.role);
      const bool matrix = to->shape.size() == 2 && rule.role != Role::position_embedding;
      ASSERT_EQ(to->type, !matrix ? DType::f32 : to->shape[1] % quant::info(type).block_size == 0 ? type : DType::f16) << name;
      if (rule.role == Role::q_norm) {  // times a square root, rounded in another order
        const auto got = numbers_of(gguf, *to);
        for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-6f * std::fabs(expected[i])) << name;
      } else {
        EXPECT_TRUE(bytes_of(gguf, *to) == encoded(expected, to->type)) << name;
      }
    }
  }
  EXPECT_EQ(gguf.tensors.size(), n_found + n_extra);
}

TEST_P(HfFolders, GivesTheSameModel) {
  SOTTO_NEEDS(input, anchor_folder(GetParam()));
  const auto folder = formats::read_model(input);
  ASSERT_TRUE(folder) << text_of(folder);
  const auto spec = model::read_spec(*folder);
  ASSERT_TRUE(spec) << text_of(spec);
  const size_t n_extra = !spec->ropes.empty() && spec->ropes[0].scaling == RopeScaling::llama3 ? 1 : 0;
  for (const auto& [name, type] : {std::pair("q8_0", DType::q8_0), std::pair("f16", DType::f16)}) {
    const auto report = quantize_file(input, path("out.gguf"), to_type(name));
    ASSERT_TRUE(report) << text_of(report);
    const auto gguf = formats::read_model(path("out.gguf"));
    ASSERT_TRUE(gguf) << text_of(gguf);
    const auto got = model::read_spec(*gguf);
    ASSERT_TRUE(got) << text_of(got);
    expect_same_spec(*got, *spec);
    expect_same_tensors(*folder, *gguf, *spec, type, n_extra);
  }
  // In F16 the model says what it says from the folder, but for the rounding of F32.
  model::Machine machine;
  const auto before = model::load(*formats::read_model(input), machine);
  const auto after = model::load(*formats::read_model(path("out.gguf")), machine);
  ASSERT_TRUE(before && after) << text_of(before) << text_of(after);
  const model::Golden golden(input);
  const bool rounded = folder->tensors.front().type == DType::f32;
  for (const auto& tokens : golden.prompts) {
    const auto wanted = model::logits_of(*before, machine, tokens, {tokens.size()});
    const auto got_logits = model::logits_of(*after, machine, tokens, {tokens.size()});
    ASSERT_TRUE(wanted && got_logits) << text_of(wanted) << text_of(got_logits);
    EXPECT_LE(model::largest_difference(*wanted, *got_logits), (rounded ? 0.02 : 1e-4) * golden.logits_std);
  }
}

INSTANTIATE_TEST_SUITE_P(All, HfFolders, testing::ValuesIn([] {
                           std::vector<const char*> names(std::begin(model::kGoldenFolders), std::end(model::kGoldenFolders));
                           std::erase_if(names, [](std::string_view name) { return name == "llama-rope-dynamic"; });
                           return names;
                         }()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// Old and new words for the same configuration, one file or several: the same bytes.
TEST_F(HfFolder, TheWayAFolderIsCutDoesNotMatter) {
  for (const char* name : {"llama-gqa-tied", "gpt2", "qwen3", "gemma3"}) {
    SOTTO_NEEDS(whole, anchor_folder(name));
    SOTTO_NEEDS(sharded, anchor_folder(std::string(name) + "-sharded"));
    ASSERT_TRUE(quantize_file(whole, path("a"))) << name;
    ASSERT_TRUE(quantize_file(sharded, path("b"))) << name;
    EXPECT_TRUE(test::read_bytes(path("a")) == test::read_bytes(path("b"))) << name;
  }
}

class ChangedConfig : public ConvertTest {
 protected:
  /// The anchor's folder with some fields of config.json replaced.
  Result<QuantizeReport> quantize_with(const std::string& anchor, const nlohmann::json& fields) const {
    auto config = test::read_json(anchor + "/config.json");
    config.merge_patch(fields);
    std::filesystem::create_directories(path("model"));
    write("model/config.json", config.dump());
    write("model/model.safetensors", test::read_bytes(anchor + "/model.safetensors"));
    return quantize_file(path("model"), path("out.gguf"));
  }
  void expect_refused(const std::string& anchor, const nlohmann::json& fields, const char* field) const {
    const auto result = quantize_with(anchor, fields);
    EXPECT_REFUSED(result, ErrorCode::unsupported, field);
    EXPECT_EQ(names(), std::vector<std::string>{"model"}) << field;
  }
};

TEST_F(ChangedConfig, WhatGgufCannotSay) {
  SOTTO_NEEDS(llama, anchor_folder("llama"));
  SOTTO_NEEDS(dynamic, anchor_folder("llama-rope-dynamic"));
  SOTTO_NEEDS(qwen2, anchor_folder("qwen2"));
  SOTTO_NEEDS(gemma3, anchor_folder("gemma3"));
  SOTTO_NEEDS(gpt2, anchor_folder("gpt2"));
  using nlohmann::json;
  expect_refused(dynamic, json::object(), "rope_parameters.rope_type");
  expect_refused(llama, {{"hidden_act", "relu"}}, "hidden_act");
  const json yarn = {{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32}, {"rope_theta", 10000.0}};
  json whole_ramp = yarn;
  whole_ramp["truncate"] = false;
  expect_refused(llama, {{"rope_parameters", whole_ramp}}, "rope_parameters.rope_type");
  const json llama3 = {{"rope_type", "llama3"},  {"factor", 8.0},           {"original_max_position_embeddings", 32},
                       {"low_freq_factor", 1.0}, {"high_freq_factor", 4.0}, {"rope_theta", 10000.0}};
  expect_refused(qwen2, {{"rope_parameters", llama3}}, "rope_parameters.rope_type");
  expect_refused(qwen2, {{"use_sliding_window", true}, {"sliding_window", 16}, {"max_window_layers", 1}, {"layer_types", nullptr}},
                 "max_window_layers");
  json types(7, "full_attention");
  types[0] = "sliding_attention";
  expect_refused(gemma3, {{"layer_types", types}}, "layer_types");
  expect_refused(gpt2, {{"scale_attn_weights", false}}, "scale_attn_weights");
  expect_refused(gpt2, {{"scale_attn_by_inverse_layer_idx", true}}, "scale_attn_by_inverse_layer_idx");
}

TEST_F(ChangedConfig, WhatGgufCanSay) {
  SOTTO_NEEDS(llama, anchor_folder("llama"));
  SOTTO_NEEDS(qwen2, anchor_folder("qwen2"));
  using nlohmann::json;
  const json yarn = {{"rope_type", "yarn"},    {"factor", 4.0},     {"original_max_position_embeddings", 64},
                     {"rope_theta", 10000.0},  {"beta_fast", 16.0}, {"beta_slow", 2.0},
                     {"attention_factor", 1.5}};
  for (const auto& [anchor, fields] :
       {std::pair(llama, json{{"rope_parameters", yarn}, {"_name_or_path", "some/where/small"}}),
        std::pair(qwen2, json{{"rope_parameters", yarn}}),
        std::pair(
            qwen2,
            json{{"use_sliding_window", true}, {"sliding_window", 16}, {"max_window_layers", 0}, {"layer_types", nullptr}})}) {
    const auto report = quantize_with(anchor, fields);
    ASSERT_TRUE(report) << text_of(report);
    const auto gguf = formats::read_model(path("out.gguf")), folder = formats::read_model(path("model"));
    ASSERT_TRUE(gguf && folder);
    const auto got = model::read_spec(*gguf), wanted = model::read_spec(*folder);
    ASSERT_TRUE(got && wanted) << text_of(got) << text_of(wanted);
    expect_same_spec(*got, *wanted);
    EXPECT_EQ(*gguf->metadata.string("general.name"),
              fields.contains("_name_or_path") ? "small" : wanted->architecture->hf_model_type);
  }
}

TEST_F(ChangedConfig, SourcesAreNotOverwritten) {
  SOTTO_NEEDS(llama, anchor_folder("llama"));
  ASSERT_TRUE(quantize_with(llama, nlohmann::json::object()));
  const auto before = test::read_bytes(path("model/model.safetensors"));
  EXPECT_REFUSED(quantize_file(path("model"), path("model/model.safetensors")), ErrorCode::invalid_argument, "output");
  EXPECT_REFUSED(quantize_file(path("model"), path("model")), ErrorCode::invalid_argument, "folder");
  EXPECT_TRUE(before == test::read_bytes(path("model/model.safetensors")));
}

}  // namespace
}  // namespace sotto::convert
