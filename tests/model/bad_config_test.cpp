// Configurations that must be refused, by the field that is wrong.
#include <set>

#include "golden.h"

namespace sotto::model {
namespace {

// The folder with another config.json.
Status load_with(const std::string& folder, const std::string& config) {
  const formats::SiblingOpener files = [&](const std::string& name) -> Result<std::shared_ptr<const ByteSource>> {
    if (name != "config.json") return Error{ErrorCode::not_found, "no such file", name};
    const auto bytes = std::as_bytes(std::span(config));
    return memory_source({bytes.begin(), bytes.end()}, "config.json");
  };
  SOTTO_ASSIGN(auto weights, open_file(folder + "/model.safetensors", FileAccess::read));
  SOTTO_ASSIGN(auto file, formats::read_model(std::move(weights), files));
  Machine machine;
  SOTTO_ASSIGN(const auto model, load(std::move(file), machine));
  return {};
}

TEST(BadConfig, EveryCaseIsRefusedByItsField) {
  SOTTO_NEEDS(path, test::anchor("transformers/bad-configs.json"));
  const std::set<std::string> ours(std::begin(kGoldenFolders), std::end(kGoldenFolders));
  size_t n_cases = 0;
  const nlohmann::json all = test::read_json(path);
  for (const auto& row : all.at("cases")) {
    const std::string base = row.at("base");
    if (!ours.contains(base)) continue;
    SCOPED_TRACE(row.at("name").get<std::string>());
    ASSERT_EQ(row.at("file"), "config.json");
    const std::string folder = test::anchor("transformers/" + base);
    auto config = test::read_json(folder + "/config.json");
    for (const std::string& key : row.at("remove").get<std::vector<std::string>>()) config.erase(key);
    config.update(row.at("set"));
    const Status status = load_with(folder, config.dump());
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find(row.at("must_name").get<std::string>()), std::string::npos) << text_of(status);
    EXPECT_FALSE(status.error().where.empty());
    EXPECT_TRUE(status.error().code == ErrorCode::bad_model || status.error().code == ErrorCode::unsupported) << text_of(status);
    ++n_cases;
  }
  EXPECT_GE(n_cases, 49u);
}

TEST(BadConfig, TheUnchangedFolderLoads) {
  SOTTO_NEEDS(folder, test::anchor("transformers/llama"));
  const Status status = load_with(folder, test::read_text(folder + "/config.json"));
  EXPECT_TRUE(status) << text_of(status);
}

struct Change {
  const char* base;
  const char* patch;      // merged into config.json
  const char* must_name;  // empty: loads
};

TEST(BadConfig, WhatIsNotComputedIsRefusedAndWhatIsHarmlessLoads) {
  const Change changes[] = {
      {"gemma3", R"({"use_bidirectional_attention": true})", "use_bidirectional_attention"},
      {"llama", R"({"partial_rotary_factor": 0.5})", "partial_rotary_factor"},
      {"llama", R"({"quantization_config": {"quant_method": "gptq"}})", "quantization_config"},
      {"llama", R"({"attention_bias": "yes"})", "attention_bias"},
      {"llama", R"({"attention_bias": true})", "model.layers.0.self_attn.q_proj.bias"},
      {"llama", R"({"mlp_bias": true})", "model.layers.2.mlp.down_proj.bias"},
      {"gemma3", R"({"attention_bias": true})", "model.layers.6.self_attn.o_proj.bias is missing"},
      {"llama-bias", R"({"attention_bias": false})",
       "model.layers.0.self_attn.o_proj.bias is there, but attention_bias is not true"},
      {"llama-bias", R"({"mlp_bias": null})", "model.layers.2.mlp.up_proj.bias is there, but mlp_bias is not true"},
      {"llama", R"({"tie_word_embeddings": 1})", "tie_word_embeddings"},
      {"llama", R"({"eos_token_id": [2, 320]})", "eos_token_id"},
      {"llama", R"({"eos_token_id": "2"})", "eos_token_id"},
      {"llama-gqa-tied", R"({"tie_word_embeddings": false})", "lm_head.weight"},
      {"llama", R"({"num_attention_heads": 1048576, "head_dim": 16384, "num_key_value_heads": 1})", "num_attention_heads"},
      {"llama", R"({"rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
        "original_max_position_embeddings": 32, "rope_theta": 10000}})",
       "high_freq_factor"},
      {"llama", R"({"rope_parameters": {"rope_type": "yarn", "factor": 0.5, "rope_theta": 10000}})", "factor"},
      {"qwen2", R"({"use_sliding_window": true, "sliding_window": 16, "layer_types": null, "max_window_layers": null})",
       "max_window_layers"},
      {"qwen2", R"({"use_sliding_window": true, "sliding_window": null})", "sliding_window"},
      {"gemma3", R"({"rope_parameters": {"full_attention": {"rope_theta": 1e6}}})", "rope_parameters.sliding_attention.rope_theta"},
      {"gemma3", R"({"rope_parameters": null})", "rope_theta"},
      {"llama", R"({"partial_rotary_factor": 1.0})", ""},
      {"llama", R"({"eos_token_id": [2, 319], "bos_token_id": null})", ""},
      {"llama", R"({"num_key_value_heads": null, "head_dim": null})", ""},
      {"qwen2", R"({"use_sliding_window": true, "sliding_window": 16, "layer_types": null, "max_window_layers": 1})", ""},
  };
  for (const Change& change : changes) {
    SCOPED_TRACE(std::string(change.base) + " " + change.patch);
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/") + change.base));
    auto config = test::read_json(folder + "/config.json");
    config.merge_patch(nlohmann::json::parse(change.patch));
    if (std::string(change.base) == "gemma3")
      config["rope_parameters"] = nlohmann::json::parse(change.patch).value("rope_parameters", config["rope_parameters"]);
    const Status status = load_with(folder, config.dump());
    if (*change.must_name == '\0') {
      EXPECT_TRUE(status) << text_of(status);
    } else {
      ASSERT_FALSE(status);
      EXPECT_NE(status.error().message.find(change.must_name), std::string::npos) << text_of(status);
    }
  }
}

}  // namespace
}  // namespace sotto::model
