// read_spec() and plan_weights() on metadata made by hand: what GGUF files may say, and what hostile ones say.
#include <map>

#include "model_test.h"
#include "support/tiny_model.h"

namespace sotto::model {
namespace {

formats::ModelFile tiny(const test::TinyModelOptions& options = {}) {
  return std::move(*read_bytes_of(test::tiny_llama_gguf(options)));
}

TEST(Spec, ReadsTheSizesOfAGgufFile) {
  const auto spec = read_spec(tiny());
  ASSERT_TRUE(spec) << text_of(spec);
  EXPECT_EQ(spec->architecture, &kLlama);
  EXPECT_EQ(spec->n_layers, 2u);
  EXPECT_EQ(spec->dim, 64u);
  EXPECT_EQ(spec->n_heads, 4u);
  EXPECT_EQ(spec->n_kv_heads, 2u);
  EXPECT_EQ(spec->head_dim, 16u);
  EXPECT_EQ(spec->ffn_dim, 96u);
  EXPECT_EQ(spec->n_vocab, 320u);
  EXPECT_EQ(spec->max_context, 256u);
  EXPECT_EQ(spec->q_dim(), 64u);
  EXPECT_EQ(spec->kv_dim(), 32u);
  EXPECT_FALSE(spec->tied_head);
  EXPECT_FLOAT_EQ(spec->layers[0].attention_scale, 0.25f);
  EXPECT_TRUE(read_spec(tiny({.tied_head = true}))->tied_head);
}

struct Change {
  const char* key;
  formats::MetaValue value;
  ErrorCode code = ErrorCode::bad_model;
};

TEST(Spec, HostileFieldsAreErrorsThatNameThem) {
  const Change changes[] = {
      {"general.architecture", std::string("parrot"), ErrorCode::unsupported},
      {"general.architecture", int64_t{3}},
      {"llama.block_count", int64_t{0}},
      {"llama.block_count", int64_t{-1}},
      {"llama.block_count", int64_t{1000}},
      {"llama.block_count", INT64_MAX},
      {"llama.block_count", std::string("2")},
      {"llama.embedding_length", int64_t{0}},
      {"llama.embedding_length", int64_t{1} << 32},
      {"llama.embedding_length", UINT64_MAX},
      {"llama.attention.head_count", int64_t{0}},
      {"llama.attention.head_count", int64_t{3}},
      {"llama.attention.head_count", std::vector<int64_t>{4, 4}},
      {"llama.attention.head_count_kv", int64_t{3}},
      {"llama.attention.head_count_kv", int64_t{8}},
      {"llama.attention.key_length", int64_t{15}},
      {"llama.attention.key_length", int64_t{0}},
      {"llama.attention.value_length", int64_t{8}, ErrorCode::unsupported},
      {"llama.attention.layer_norm_rms_epsilon", 0.0},
      {"llama.attention.layer_norm_rms_epsilon", std::nan("")},
      {"llama.attention.layer_norm_rms_epsilon", 2.0},
      {"llama.context_length", int64_t{0}},
      {"llama.context_length", INT64_MAX},
      {"llama.feed_forward_length", int64_t{0}},
      {"llama.rope.dimension_count", int64_t{7}},
      {"llama.rope.dimension_count", int64_t{18}},
      {"llama.rope.dimension_count", int64_t{0}},
      {"llama.rope.freq_base", -1.0},
      {"llama.rope.freq_base", INFINITY},
      {"llama.rope.scaling.type", std::string("spiral"), ErrorCode::unsupported},
      {"llama.rope.scaling.factor", 0.0},
      {"llama.attention.sliding_window", int64_t{0}},
      {"llama.attention.scale", 0.0},
      {"llama.attn_logit_softcapping", -1.0},
      {"llama.final_logit_softcapping", std::nan("")},
  };
  for (const Change& change : changes) {
    SCOPED_TRACE(change.key);
    formats::ModelFile file = tiny();
    file.metadata.set(change.key, change.value);
    const auto spec = read_spec(file);
    EXPECT_REFUSED(spec, change.code, change.key);
  }
}

TEST(Spec, ProductsThatOverflowAreErrors) {
  formats::ModelFile file = tiny();
  file.metadata.set("llama.attention.head_count", int64_t{1} << 18);
  file.metadata.set("llama.attention.head_count_kv", int64_t{1} << 18);
  file.metadata.set("llama.attention.key_length", int64_t{1} << 14);  // 2^32 numbers: zero where addresses have 32 bits
  EXPECT_REFUSED(read_spec(file), ErrorCode::bad_model, "llama.attention.head_count");
}

TEST(Spec, RequiredFieldsHaveNoDefault) {
  for (const char* key : {"block_count", "embedding_length", "attention.head_count", "context_length", "feed_forward_length",
                          "attention.layer_norm_rms_epsilon"}) {
    SCOPED_TRACE(key);
    formats::ModelFile file = tiny();
    formats::Metadata rest(file.metadata.source());
    for (const auto& [name, value] : file.metadata.values())
      if (name != std::string("llama.") + key) rest.set(name, value);
    file.metadata = std::move(rest);
    EXPECT_REFUSED(read_spec(file), ErrorCode::bad_model, key);
  }
}

TEST(Spec, EmbeddingThatIsNoMatrixIsRefused) {
  formats::ModelFile file = tiny();
  for (formats::TensorEntry& tensor : file.tensors)
    if (tensor.name == "token_embd.weight") tensor.shape = {320 * 64};
  EXPECT_REFUSED(read_spec(file), ErrorCode::bad_model, "token_embd.weight");
}

TEST(Spec, ScalingOfGguf) {
  formats::ModelFile file = tiny();
  file.metadata.set("llama.rope.scaling.factor", 4.0);
  EXPECT_EQ(read_spec(file)->ropes[0].scaling, RopeScaling::linear);  // what a lone factor has always meant
  file.metadata.set("llama.rope.scaling.type", std::string("none"));
  EXPECT_EQ(read_spec(file)->ropes[0].scaling, RopeScaling::none);
  file.metadata.set("llama.rope.scaling.type", std::string("yarn"));
  file.metadata.set("llama.rope.scaling.original_context_length", int64_t{128});
  file.metadata.set("llama.rope.scaling.attn_factor", 0.5);
  const auto spec = read_spec(file);
  ASSERT_TRUE(spec) << text_of(spec);
  EXPECT_EQ(spec->ropes[0].scaling, RopeScaling::yarn);
  EXPECT_NEAR(spec->ropes[0].attention_factor, 0.5 * (1 + 0.1 * std::log(4.0)), 1e-12);
  EXPECT_EQ(spec->max_context, 512u);
}

TEST(Spec, WindowsOfGguf) {
  formats::ModelFile file = tiny({.n_layers = 4});
  file.metadata.set("llama.attention.sliding_window", int64_t{32});
  auto spec = read_spec(file);
  ASSERT_TRUE(spec) << text_of(spec);
  for (const LayerSpec& layer : spec->layers) EXPECT_EQ(layer.window, 32u);
  file.metadata.set("llama.attention.sliding_window_pattern", int64_t{2});
  spec = read_spec(file);
  ASSERT_TRUE(spec) << text_of(spec);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(spec->layers[i].window, i % 2 == 0 ? 32u : 0u);
}

// Faults of tensors are told all at once.
TEST(Plan, ListsEveryFault) {
  formats::ModelFile file = tiny();
  std::vector<formats::TensorEntry> tensors;
  for (formats::TensorEntry tensor : file.tensors) {
    if (tensor.name == "blk.0.attn_q.weight") tensor.name = "blk.0.attn_quirk.weight";
    if (tensor.name == "blk.1.ffn_down.weight") std::swap(tensor.shape[0], tensor.shape[1]);
    if (tensor.name == "blk.1.attn_k.weight") tensor.type = quant::DType::iq2_xxs;
    if (tensor.name != "output_norm.weight") tensors.push_back(tensor);
  }
  file.tensors = tensors;
  const auto spec = read_spec(file);
  ASSERT_TRUE(spec) << text_of(spec);
  const auto plan = plan_weights(file, *spec, best_kernels(), {});
  for (const char* part :
       {"blk.0.attn_q.weight is missing", "blk.0.attn_quirk.weight is no tensor", "output_norm.weight is missing",
        "blk.1.ffn_down.weight has shape (96, 64), wanted (64, 96)", "blk.1.attn_k.weight has type iq2_xxs"})
    EXPECT_REFUSED(plan, ErrorCode::bad_model, part);
}

TEST(Plan, LongListsAreCut) {
  formats::ModelFile file = tiny({.n_layers = 8});
  for (formats::TensorEntry& tensor : file.tensors)
    if (tensor.name.starts_with("blk.")) tensor.name += "x";
  const auto spec = read_spec(file);
  ASSERT_TRUE(spec) << text_of(spec);
  const auto plan = plan_weights(file, *spec, best_kernels(), {});
  EXPECT_REFUSED(plan, ErrorCode::bad_model, "and 104 more");
  EXPECT_LT(plan.error().message.size(), 4000u);
}

TEST(Plan, TypesThatAreNotComputedAreNamed) {
  formats::ModelFile file = tiny();
  for (formats::TensorEntry& tensor : file.tensors)
    if (tensor.name == "blk.0.ffn_up.weight") tensor.type = quant::DType::iq1_s;
  const auto plan = plan_weights(file, *read_spec(file), best_kernels(), {});
  EXPECT_REFUSED(plan, ErrorCode::unsupported, "blk.0.ffn_up.weight has type iq1_s");
}

TEST(Plan, PolicyDecidesTheTypes) {
  const auto types = [](quant::DType in_file, bool tied, const WeightPolicy& policy) {
    const formats::ModelFile file = tiny({.tied_head = tied, .matrix_type = in_file});
    const auto plan = plan_weights(file, *read_spec(file), best_kernels(), policy);
    std::map<Role, quant::DType> by_role;
    for (const WeightItem& item : plan->items)
      if (item.is_matrix) by_role[item.role] = item.matrix.type;
    return by_role;
  };
  using enum quant::DType;
  auto held = types(f32, false, {});
  EXPECT_EQ(held[Role::q], q8_0);
  EXPECT_EQ(held[Role::down], q8_0);
  EXPECT_EQ(held[Role::head], q8_0);
  EXPECT_EQ(held[Role::token_embedding], f32);  // rows are copied, not multiplied with
  held = types(f32, true, {});
  EXPECT_FALSE(held.contains(Role::head));
  EXPECT_EQ(held[Role::token_embedding], q8_0);
  held = types(f32, true, {.keep = true, .type = {}});
  EXPECT_EQ(held[Role::token_embedding], f32);
  EXPECT_EQ(held[Role::q], f32);
  EXPECT_EQ(types(f16, false, {})[Role::q], f16);
  EXPECT_EQ(types(bf16, false, {})[Role::head], bf16);
  EXPECT_EQ(types(f16, false, {.keep = false, .type = q4_0})[Role::q], q4_0);
  EXPECT_EQ(types(q5_0, false, {.keep = false, .type = q4_0})[Role::q], q5_0);  // not rounded twice
  const formats::ModelFile file = tiny();
  EXPECT_REFUSED(plan_weights(file, *read_spec(file), best_kernels(), {.keep = false, .type = q4_k}), ErrorCode::invalid_argument,
                 "quantize");
}

}  // namespace
}  // namespace sotto::model
