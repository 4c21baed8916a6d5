// Loading: the arena is what was planned, threads and sources do not change a byte, faults and stops are errors.
#include <atomic>

#include "model_test.h"
#include "support/tiny_model.h"

namespace sotto::model {
namespace {

formats::ModelFile tiny(const test::TinyModelOptions& options = {}) {
  return std::move(*read_bytes_of(test::tiny_llama_gguf(options)));
}

// Bytes that are not addressable, as those of a file read by pread or of a download.
class UnmappedSource final : public ByteSource {
 public:
  explicit UnmappedSource(std::shared_ptr<const ByteSource> inner) : inner_(std::move(inner)) {}
  uint64_t size() const noexcept override { return inner_->size(); }
  const std::string& name() const noexcept override { return inner_->name(); }
  Status read(uint64_t offset, std::span<std::byte> out) const override {
    if (offset + out.size() > fail_from) return Error{ErrorCode::io_error, "the disk is gone", name()};
    return inner_->read(offset, out);
  }
  void release(uint64_t, uint64_t length) const noexcept override { released += length; }

  uint64_t fail_from = UINT64_MAX;
  mutable std::atomic<uint64_t> released{0};

 private:
  std::shared_ptr<const ByteSource> inner_;
};

// The packed bytes of all tensors, in the order of the plan.
std::vector<std::byte> packed_bytes(const LoadedModel& model) {
  std::vector<std::byte> bytes;
  for (const WeightItem& item : model.plan.items) {
    const WeightSet& set = per_layer(item.role) ? model.weights.layer(item.layer) : model.weights.global();
    const std::byte* data = item.is_matrix ? set.matrix(item.role).data : reinterpret_cast<const std::byte*>(set.vector(item.role));
    bytes.insert(bytes.end(), data, data + (item.is_matrix ? item.matrix.bytes() : item.n_floats * sizeof(float)));
  }
  if (const ops::RowScreen& screen = model.weights.head_screen()) {
    const auto add = [&](const auto* data, size_t n) {
      const auto* first = reinterpret_cast<const std::byte*>(data);
      bytes.insert(bytes.end(), first, first + n * sizeof *data);
    };
    add(screen.high.data, screen.high.bytes());
    add(screen.rests, screen.high.n_rows);
  }
  return bytes;
}

TEST(Weights, MemoryIsWhatWasPlanned) {
  Machine machine;
  for (const quant::DType type : {quant::DType::f32, quant::DType::f16, quant::DType::q4_0}) {
    const auto model = load(tiny({.matrix_type = type}), machine, {});
    ASSERT_TRUE(model) << text_of(model);
    EXPECT_EQ(model->weights.bytes(), model->plan.arena_bytes);
    EXPECT_GE(model->weights.bytes(), packed_bytes(*model).size());
    for (const auto cache : {kernels::KvType::f32, kernels::KvType::f16, kernels::KvType::q8_0}) {
      const KvShape shape{.context = 100, .chunk = 7, .type = cache};
      const auto timeline = timeline_of(*model, machine, shape);
      ASSERT_TRUE(timeline) << text_of(timeline);
      EXPECT_EQ(timeline->cache.bytes(), kv_cache_bytes(model->spec, shape));
      EXPECT_EQ(timeline->activations.bytes(), Activations::bytes_needed(model->spec, machine.kernels, shape, 1));
    }
  }
}

TEST(Weights, CacheHasTheBytesOfItsTiles) {
  const auto spec = read_spec(tiny());  // 2 layers, 2 key/value heads of 16
  EXPECT_EQ(kv_cache_bytes(*spec, {.context = 100, .chunk = 8, .type = kernels::KvType::f32}), 2u * 2 * 2 * 128 * 16 * 4);
  EXPECT_EQ(kv_cache_bytes(*spec, {.context = 100, .chunk = 8, .type = kernels::KvType::f16}), 2u * 2 * 2 * 128 * 16 * 2);
  EXPECT_EQ(kv_cache_bytes(*spec, {.context = 32, .chunk = 8, .type = kernels::KvType::q8_0}), 2u * 2 * 2 * 64 * 34);
}

TEST(Weights, ThreadsSourcesAndRunsGiveTheSameBytes) {
  const auto mixed = [](std::string_view name) {
    if (name.find("attn_q") != std::string_view::npos) return quant::DType::f16;
    if (name.find("ffn_up") != std::string_view::npos) return quant::DType::bf16;
    if (name.find("attn_v") != std::string_view::npos) return quant::DType::q5_1;
    return quant::DType::f32;
  };
  const test::TinyModelOptions options{.width = 96, .n_heads = 6, .n_kv_heads = 3, .ffn_width = 160, .type_of = mixed};
  for (const WeightPolicy& policy : {WeightPolicy{},
                                     {.keep = true, .type = {}},
                                     {.keep = false, .type = quant::DType::q4_1},
                                     {.keep = true, .type = {}, .head_screen = HeadScreen::on},
                                     {.keep = false, .type = {}, .head_screen = HeadScreen::on}}) {
    std::vector<std::byte> expected;
    for (const size_t n_threads : {1, 2, 3, 8})
      for (const bool mapped : {true, false}) {
        Machine machine(n_threads);
        formats::ModelFile file = tiny(options);
        if (!mapped) file.sources[0] = std::make_shared<UnmappedSource>(file.sources[0]);
        const auto model = load(std::move(file), machine, policy);
        ASSERT_TRUE(model) << text_of(model);
        const std::vector<std::byte> bytes = packed_bytes(*model);
        if (expected.empty()) expected = bytes;
        EXPECT_EQ(bytes, expected) << n_threads << " threads, mapped " << mapped;
      }
  }
}

TEST(Weights, AHeadIsScreenedWhereItIsMostOfTheWeights) {
  Machine machine;
  const auto screened = [&](const test::TinyModelOptions& options, HeadScreen wanted) {
    const auto model = load(tiny(options), machine, {.keep = true, .type = {}, .head_screen = wanted});
    EXPECT_TRUE(model) << text_of(model);
    const ops::RowScreen& screen = model->weights.head_screen();
    if (screen) EXPECT_EQ(screen.high.n_rows, model->weights.head().n_rows);
    EXPECT_EQ(model->weights.head().split(), screen && model->weights.head().type == quant::DType::q8_0);
    EXPECT_EQ(model->weights.decode_bytes() < model->weights.bytes(), screen || !options.tied_head);
    EXPECT_EQ(model->weights.bytes(), model->plan.arena_bytes);
    return static_cast<bool>(screen);
  };
  const test::TinyModelOptions wide{.tied_head = true, .matrix_type = quant::DType::q8_0},
      narrow{.n_layers = 1, .ffn_width = 32, .tied_head = true};
  EXPECT_FALSE(screened(wide, HeadScreen::automatic)) << "the layers are more";
  EXPECT_TRUE(screened(wide, HeadScreen::on));
  EXPECT_TRUE(screened(narrow, HeadScreen::automatic));
  EXPECT_FALSE(screened(narrow, HeadScreen::off));
}

TEST(Weights, GatheredRowsAreTheFilesNumbers) {
  Machine machine;
  for (const quant::DType type : {quant::DType::f32, quant::DType::bf16, quant::DType::q8_0, quant::DType::q4_1}) {
    WeightPolicy policy{.keep = true};
    if (type == quant::DType::q8_0) policy.head_screen = HeadScreen::on;  // which splits it
    const auto model = load(tiny({.tied_head = true, .matrix_type = type}), machine, policy);
    ASSERT_TRUE(model) << text_of(model);
    const formats::TensorEntry& tensor = *model->file.find("token_embd.weight");
    std::vector<std::byte> scratch;
    const auto bytes = formats::tensor_bytes(model->file, tensor, scratch);
    const size_t row_bytes = bytes->size() / 320;
    for (const size_t row : {0, 1, 7, 13, 319}) {
      std::vector<float> wanted(64), got(64);
      quant::info(type).decode(bytes->data() + row * row_bytes, 64, wanted.data());
      gather_row(machine.kernels, model->weights.head(), row, got.data());
      EXPECT_EQ(got, wanted) << "row " << row;
    }
  }
}

TEST(Weights, WhatWasReadIsReleasedAndProgressCountsIt) {
  Machine machine(2);
  formats::ModelFile file = tiny();
  const auto source = std::make_shared<UnmappedSource>(file.sources[0]);
  file.sources[0] = source;
  const auto spec = read_spec(file);
  const auto plan = plan_weights(file, *spec, machine.kernels, {});
  std::vector<uint64_t> done;
  const auto weights = load_weights(file, *spec, *plan, machine.context(), [&](uint64_t done_bytes, uint64_t total) {
    EXPECT_EQ(total, file.tensor_bytes());
    done.push_back(done_bytes);
  });
  ASSERT_TRUE(weights) << text_of(weights);
  EXPECT_EQ(done.size(), file.tensors.size());
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), file.tensor_bytes());
  EXPECT_EQ(source->released.load(), file.tensor_bytes());
}

TEST(Weights, ReadFaultsComeThrough) {
  for (const size_t n_threads : {1, 3}) {
    Machine machine(n_threads);
    formats::ModelFile file = tiny();
    auto source = std::make_shared<UnmappedSource>(file.sources[0]);
    source->fail_from = source->size() / 2;
    file.sources[0] = source;
    EXPECT_REFUSED(load(std::move(file), machine), ErrorCode::io_error, "the disk is gone");
  }
}

TEST(Weights, CancelEndsTheLoading) {
  Machine machine(2);
  CancelSource cancel;
  machine.control.cancel = cancel.token();
  const formats::ModelFile file = tiny();
  const auto spec = read_spec(file);
  const auto plan = plan_weights(file, *spec, machine.kernels, {});
  size_t n_told = 0;
  const auto weights = load_weights(file, *spec, *plan, machine.context(), [&](uint64_t, uint64_t) {
    if (++n_told == 3) cancel.cancel();
  });
  EXPECT_REFUSED(weights, ErrorCode::cancelled, "");
  EXPECT_EQ(n_told, 3u);
  Machine late;
  late.control.deadline = Deadline{std::chrono::steady_clock::time_point::min()};
  EXPECT_REFUSED(load_weights(file, *spec, *plan, late.context(), {}), ErrorCode::deadline_exceeded, "");
}

// What does not fit this machine is an error of memory, never a smaller number of bytes.
TEST(Weights, SizesPastTheMachineAreErrors) {
  Machine machine;
  const auto model = load(tiny(), machine);
  ASSERT_TRUE(model) << text_of(model);
  WeightsPlan plan = model->plan;
  plan.arena_bytes = uint64_t{1} << 45;
  EXPECT_REFUSED(load_weights(model->file, model->spec, plan, machine.context(), {}), ErrorCode::out_of_memory, "weights");

  ModelSpec wide = model->spec;
  wide.n_layers = 1 << 14;
  wide.layers.assign(wide.n_layers, {});
  wide.n_heads = wide.n_kv_heads = 1 << 10;
  wide.head_dim = 1 << 10;
  const KvShape shape{.context = size_t{1} << 26, .chunk = 256, .type = kernels::KvType::f32};
  EXPECT_EQ(kv_cache_bytes(wide, shape), uint64_t{1} << 63);
  EXPECT_REFUSED(KvCache::make(wide, shape), ErrorCode::out_of_memory, "key/value cache");
  wide.dim = wide.ffn_dim = 1 << 20;
  const KvShape long_chunk{.context = size_t{1} << 26, .chunk = size_t{1} << 20};
  EXPECT_GT(Activations::bytes_needed(wide, machine.kernels, long_chunk, 64), uint64_t{1} << 42);
  EXPECT_REFUSED(Activations::make(wide, machine.kernels, long_chunk, 64), ErrorCode::out_of_memory, "scratch");
}

}  // namespace
}  // namespace sotto::model
