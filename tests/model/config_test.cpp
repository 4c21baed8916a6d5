// read_spec() on config.json alone: what transformers 5.23 takes its fields for, and what is refused.
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/hf_folder.h"
#include "model_test.h"

namespace sotto::model {
namespace {

using nlohmann::json;

/// A small configuration of the family with some of its fields replaced.
Result<ModelSpec> spec_of(const std::string& family, const std::string& fields) {
  json config = json::parse(R"({"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 160,
    "vocab_size": 320, "max_position_embeddings": 128, "rms_norm_eps": 1e-6, "hidden_act": "silu"})");
  if (family == "gpt2")
    config = json::parse(R"({"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 320, "n_positions": 128,
      "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"})");
  if (family == "qwen3") config["head_dim"] = 16;
  if (family == "gemma3_text")
    config.update(json::parse(R"({"head_dim": 16, "hidden_activation": "gelu", "query_pre_attn_scalar": 64, "sliding_window": 16,
      "layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "rope_theta": 1e6, "rope_local_base_freq": 2e4})"));
  config["model_type"] = family;
  config.update(json::parse(fields));

  formats::ModelFile file;
  file.naming = formats::Naming::hugging_face;
  file.metadata = formats::Metadata("config.json");
  SOTTO_ASSIGN(const auto parsed, formats::Json::parse(config.dump(), "config.json"));
  SOTTO_TRY(formats::flatten(parsed, file.metadata));
  file.tensors.resize(3);  // as many as layers, at least
  return read_spec(file);
}

struct RopeRow {
  const char* family;
  const char* fields;
  RopeSpec global;
  RopeSpec local = {};
};

TEST(Config, RopeIsReadAsItsWritersMeantIt) {
  using enum RopeScaling;
  const RopeSpec of_128{
      .theta = 1e4, .scaling = llama3, .factor = 8, .original_context = 128, .low_freq_factor = 1, .high_freq_factor = 4};
  RopeSpec of_16 = of_128;
  of_16.original_context = 16;
  const double scaled_by_8 = 0.1 * std::log(8) + 1;
  const RopeRow rows[] = {
      {"llama", R"({})", {.theta = 1e4}},
      {"llama", R"({"rope_theta": 5000, "rope_parameters": {}, "rope_scaling": {}})", {.theta = 5000}},
      {"llama", R"({"rope_scaling": {"rope_type": "default", "rope_theta": 7e4}})", {.theta = 7e4}},
      {"llama",
       R"({"rope_theta": 5000, "rope_scaling": {"rope_type": "linear", "factor": 2, "rope_theta": 7e4}})",
       {.theta = 7e4, .scaling = linear, .factor = 2, .original_context = 128}},
      {"llama",
       R"({"rope_theta": 5000, "rope_parameters": {"type": "linear", "factor": 4}})",
       {.theta = 5000, .scaling = linear, .factor = 4, .original_context = 128}},
      {"llama",
       R"({"rope_parameters": {"rope_type": null, "type": "linear", "factor": 4}})",
       {.theta = 1e4, .scaling = linear, .factor = 4, .original_context = 128}},
      {"qwen3",
       R"({"rope_theta": 7e4, "rope_scaling": {"type": "linear", "factor": 4},
           "rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 7e4}})",
       {.theta = 7e4, .scaling = linear, .factor = 4, .original_context = 128}},
      {"mistral",
       R"({"original_max_position_embeddings": 16, "rope_scaling": {"rope_type": "yarn", "factor": 8}})",
       {.theta = 1e4, .scaling = yarn, .factor = 8, .original_context = 16, .attention_factor = scaled_by_8}},
      {"llama",
       R"({"original_max_position_embeddings": 16, "rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
           "high_freq_factor": 4, "original_max_position_embeddings": 32}})",
       of_16},
      {"llama", R"({"rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}})",
       of_128},
      {"qwen2",
       R"({"rope_parameters": {"rope_type": "dynamic", "factor": 2, "original_max_position_embeddings": 16}})",
       {.theta = 1e4, .scaling = dynamic, .factor = 2, .original_context = 128}},
      {"llama",
       R"({"rope_parameters": {"rope_type": "yarn", "factor": 8, "truncate": null}})",
       {.theta = 1e4, .scaling = yarn, .factor = 8, .original_context = 128, .attention_factor = scaled_by_8, .truncate = false}},
      {"gemma3_text", R"({})", {.theta = 1e6}, {.theta = 2e4}},
      {"gemma3_text",
       R"({"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8}, "sliding_attention": {"rope_type": "default"}}})",
       {.theta = 1e6, .scaling = linear, .factor = 8, .original_context = 128},
       {.theta = 2e4}},
      {"gemma3_text",
       R"({"original_max_position_embeddings": 16, "rope_parameters": {"full_attention": {"rope_theta": 5e5},
           "sliding_attention": {"rope_theta": 3e4, "type": "yarn", "factor": 8}}})",
       {.theta = 5e5},
       {.theta = 3e4, .scaling = yarn, .factor = 8, .original_context = 128, .attention_factor = scaled_by_8}},
  };
  for (const RopeRow& row : rows) {
    SCOPED_TRACE(std::string(row.family) + " " + row.fields);
    const auto spec = spec_of(row.family, row.fields);
    ASSERT_TRUE(spec) << text_of(spec);
    EXPECT_EQ(spec->ropes[0], row.global);
    if (spec->ropes.size() > 1) EXPECT_EQ(spec->ropes[1], row.local);
  }
}

TEST(Config, WhatNobodyCanMeanIsRefused) {
  struct Row {
    const char* family;
    const char* fields;
    const char* must_name;
    ErrorCode code = ErrorCode::bad_model;
  };
  const Row rows[] = {
      // Two ropes for one.
      {"llama", R"({"rope_parameters": {"rope_theta": 7e4}, "rope_scaling": {"type": "linear", "factor": 4}})", "rope_scaling"},
      {"qwen3", R"({"rope_parameters": {"rope_theta": 1e6}, "rope_scaling": {"rope_type": "default"}})", "rope_scaling"},
      {"gemma3_text",
       R"({"rope_parameters": {"full_attention": {}, "sliding_attention": {}}, "rope_scaling": {"rope_type": "linear", "factor": 8}})",
       "rope_scaling"},
      {"llama", R"({"rope_parameters": {"full_attention": {"rope_theta": 777}}})", "rope_parameters"},
      {"qwen2", R"({"rope_parameters": {"sliding_attention": {}}})", "rope_parameters"},
      // What should be an object, or should not.
      {"llama", R"({"rope_parameters": [1, 2]})", "rope_parameters is array of integers, wanted an object"},
      {"llama", R"({"rope_parameters": []})", "rope_parameters"},
      {"llama", R"({"rope_parameters": "linear"})", "rope_parameters"},
      {"mistral", R"({"rope_scaling": 2.0})", "rope_scaling"},
      {"gemma3_text", R"({"rope_parameters": {"full_attention": "default"}})", "rope_parameters.full_attention"},
      {"llama", R"({"head_dim": {"a": 1}})", "'head_dim' in config.json is object"},
      {"llama", R"({"num_key_value_heads": {"a": 1}})", "num_key_value_heads"},
      {"mistral", R"({"sliding_window": {"a": 1}})", "sliding_window"},
      {"llama", R"({"bos_token_id": {"a": 1}})", "bos_token_id"},
      {"llama", R"({"bos_token_id": [1]})", "bos_token_id"},
      {"llama", R"({"eos_token_id": {"a": 1}})", "eos_token_id"},
      {"llama", R"({"pad_token_id": "x"})", "pad_token_id"},
      {"llama", R"({"tie_word_embeddings": {"a": {"b": 1}}})", "tie_word_embeddings"},
      {"llama", R"({"attention_bias": {"a": 1}})", "attention_bias"},
      {"llama", R"({"rope_theta": {"a": 1}})", "rope_theta"},
      {"llama", R"({"rope_theta": 5000, "rope_parameters": {"rope_theta": {"a": 1}}})", "rope_parameters.rope_theta"},
      {"llama", R"({"rope_parameters": {"rope_type": {"a": 1}}})", "rope_parameters.rope_type"},
      {"gpt2", R"({"n_inner": {"a": 1}})", "n_inner"},
      {"qwen2", R"({"layer_types": {"a": 1}})", "layer_types"},
      {"llama", R"({"quantization_config": "gptq"})", "quantization_config", ErrorCode::unsupported},
      {"llama", R"({"quantization_config": {}})", "quantization_config", ErrorCode::unsupported},
      // Bases of rotation.
      {"llama", R"({"rope_theta": 5000, "rope_parameters": {"rope_theta": null}})", "rope_parameters.rope_theta"},
      {"llama", R"({"rope_theta": 1.0})", "rope_theta"},
      {"llama", R"({"rope_parameters": {"rope_theta": 1e-20}})", "rope_parameters.rope_theta"},
      {"gemma3_text", R"({"rope_local_base_freq": 1})", "rope_local_base_freq"},
      {"gemma3_text", R"({"rope_local_base_freq": null})", "rope_parameters.sliding_attention.rope_theta"},
      // A factor of what?
      {"llama", R"({"rope_parameters": {"rope_type": null, "factor": 4}})", "rope_parameters.rope_type"},
      {"llama", R"({"rope_scaling": {"factor": 4}})", "rope_scaling.rope_type"},
      // Fields that are not used.
      {"qwen2", R"({"use_sliding_window": false, "layer_types": ["full_attention"]})", "layer_types"},
      {"qwen3", R"({"layer_types": ["full_attention", "full_attention", "diagonal_attention"]})", "layer_types",
       ErrorCode::unsupported},
      {"gpt2", R"({"reorder_and_upcast_attn": "no"})", "reorder_and_upcast_attn"},
      {"gpt2", R"({"scale_attn_weights": "no"})", "scale_attn_weights"},
      {"gemma3_text", R"({"attention_bias": 1})", "attention_bias"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.family) + " " + row.fields);
    EXPECT_REFUSED(spec_of(row.family, row.fields), row.code, row.must_name);
  }
}

TEST(Config, SoftCapsAreReadOnlyWhereTheFamilyAppliesThem) {
  for (const char* family : {"llama", "mistral", "qwen2", "qwen3", "gemma3_text", "gpt2"}) {
    SCOPED_TRACE(family);
    const auto spec = spec_of(family, R"({"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0})");
    ASSERT_TRUE(spec) << text_of(spec);
    EXPECT_EQ(spec->attention_soft_cap, 0);
    EXPECT_EQ(spec->logit_soft_cap, spec->architecture == &kGemma3 ? 3 : 0);
  }
}

TEST(Config, ScoresAreScaledLayerByLayer) {
  struct Row {
    const char* family;
    const char* fields;
    float scales[3];
  };
  for (const Row& row :
       {Row{"gpt2", R"({"scale_attn_weights": true})", {0.25f, 0.25f, 0.25f}},
        Row{"gpt2", R"({"scale_attn_weights": false})", {1, 1, 1}},
        Row{"gpt2", R"({"scale_attn_by_inverse_layer_idx": true})", {0.25f, 0.125f, 0.25f / 3}},
        Row{"gpt2", R"({"scale_attn_weights": false, "scale_attn_by_inverse_layer_idx": true})", {1, 0.5f, 1.0f / 3}},
        Row{"llama", R"({"scale_attn_weights": false})", {0.25f, 0.25f, 0.25f}},
        Row{"gemma3_text", R"({})", {0.125f, 0.125f, 0.125f}}}) {
    SCOPED_TRACE(std::string(row.family) + " " + row.fields);
    const auto spec = spec_of(row.family, row.fields);
    ASSERT_TRUE(spec) << text_of(spec);
    for (size_t i = 0; i < 3; ++i) EXPECT_FLOAT_EQ(spec->layers[i].attention_scale, row.scales[i]) << i;
  }
}

}  // namespace
}  // namespace sotto::model
