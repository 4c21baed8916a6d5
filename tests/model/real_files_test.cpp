// Published GGUF files, headers only: the spec they say, and that every tensor has its place.
#include "model_test.h"
#include "support/anchors.h"

namespace sotto::model {
namespace {

struct Planned {
  formats::ModelFile file;
  ModelSpec spec;
  WeightsPlan plan;
};

Result<Planned> plan(const std::string& path) {
  Planned planned;
  SOTTO_ASSIGN(planned.file, formats::read_model(path, {.access = FileAccess::read}));
  SOTTO_ASSIGN(planned.spec, read_spec(planned.file));
  SOTTO_ASSIGN(planned.plan, plan_weights(planned.file, planned.spec, best_kernels(), {.head_screen = HeadScreen::off}));
  return planned;
}

void expect_every_tensor_once(const Planned& planned) {
  EXPECT_EQ(planned.plan.items.size(), planned.file.tensors.size());
  uint64_t last = 0;
  for (const WeightItem& item : planned.plan.items) {
    EXPECT_GE(item.tensor->offset, last) << "not in the order of the file";
    last = item.tensor->offset;
  }
  // Packing keeps the size of quantized blocks, but for targets that hold float scales (Q4_1 has most of them); vectors and padding
  // add little.
  const kernels::WeightKernels& q4_1 = best_kernels().weights[static_cast<size_t>(quant::DType::q4_1)];
  const double packed = static_cast<double>(q4_1.group_bytes(32)) / static_cast<double>(q4_1.rows_per_group);
  const double in_file = static_cast<double>(quant::info(quant::DType::q4_1).block_bytes);
  const double tensors = static_cast<double>(planned.file.tensor_bytes()), arena = static_cast<double>(planned.plan.arena_bytes);
  EXPECT_GE(arena, tensors * 0.98);
  EXPECT_LE(arena, tensors * (packed / in_file + 0.02));
}

TEST(RealModels, SmolLm2) {
  SOTTO_NEEDS(path, test::cached_model("SmolLM2-135M-Instruct.Q4_1.gguf"));
  const auto planned = plan(path);
  ASSERT_TRUE(planned) << text_of(planned);
  expect_every_tensor_once(*planned);
  const ModelSpec& spec = planned->spec;
  EXPECT_EQ(spec.architecture, &kLlama);
  EXPECT_EQ(spec.n_layers, 30u);
  EXPECT_EQ(spec.dim, 576u);
  EXPECT_EQ(spec.n_heads, 9u);
  EXPECT_EQ(spec.n_kv_heads, 3u);
  EXPECT_EQ(spec.head_dim, 64u);
  EXPECT_EQ(spec.n_vocab, 49152u);
  EXPECT_EQ(spec.ropes.at(0).theta, 100000);
  EXPECT_EQ(spec.rope_pairs, kernels::RopePairs::neighbours);
  EXPECT_TRUE(spec.tied_head);
  EXPECT_EQ(spec.max_window(), 0u);
}

TEST(RealModels, Gemma3) {
  SOTTO_NEEDS(path, test::cached_model("gemma-3-270m-q4_k_m.gguf"));
  const auto planned = plan(path);
  ASSERT_TRUE(planned) << text_of(planned);
  expect_every_tensor_once(*planned);
  const ModelSpec& spec = planned->spec;
  EXPECT_EQ(spec.architecture, &kGemma3);
  EXPECT_EQ(spec.n_layers, 18u);
  EXPECT_EQ(spec.dim, 640u);
  EXPECT_EQ(spec.head_dim, 256u);
  EXPECT_EQ(spec.n_vocab, 262144u);
  EXPECT_EQ(spec.max_window(), 512u);
  EXPECT_EQ(spec.layers[4].window, 512u);
  EXPECT_EQ(spec.layers[5].window, 0u);
  EXPECT_EQ(spec.ropes.at(spec.layers[4].rope).theta, 10000);
  EXPECT_EQ(spec.ropes.at(spec.layers[5].rope).theta, 1e6);
  EXPECT_EQ(spec.norm_weight_offset, 0);
  EXPECT_FLOAT_EQ(spec.layers[0].attention_scale, 1.0f / 16);
  EXPECT_TRUE(spec.tied_head);
  const auto with_screen = plan_weights(planned->file, spec, best_kernels(), {});
  ASSERT_TRUE(with_screen) << text_of(with_screen);
  EXPECT_EQ(with_screen->screen.high.n_rows, 262144u) << "the head is most of the weights";
  // Windows make the cache small: 15 of 18 layers keep a window and a chunk, whatever the context.
  const KvShape shape{.context = 32768, .chunk = 256, .type = kernels::KvType::f16};
  EXPECT_EQ(kv_cache_bytes(spec, shape), 2u * 256 * 2 * (15 * (512 + 256) + 3 * 32768));
}

TEST(RealModels, Stories260KLoads) {
  SOTTO_NEEDS(path, test::anchor("models/stories260K.f32.gguf"));
  Machine machine(2);
  auto file = formats::read_model(path, {.access = FileAccess::read});
  ASSERT_TRUE(file) << text_of(file);
  auto model = load(std::move(*file), machine, {});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->spec.n_vocab, 512u);
  const auto logits = logits_of(*model, machine, some_tokens(20, 512), {20});
  ASSERT_TRUE(logits) << text_of(logits);
}

}  // namespace
}  // namespace sotto::model
