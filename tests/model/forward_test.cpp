// forward() on tiny random models: mixed types, caches, windows, rewinding, stops and numbers that are not finite.
#include <atomic>
#include <cstring>
#include <optional>

#include "model_test.h"
#include "support/tiny_model.h"

namespace sotto::model {
namespace {

formats::ModelFile tiny(const test::TinyModelOptions& options = {}) {
  return std::move(*read_bytes_of(test::tiny_llama_gguf(options)));
}

// The same model with every tensor decoded to F32.
formats::ModelFile as_f32(const formats::ModelFile& file) {
  formats::ModelFile out = file;
  std::vector<std::byte> data, scratch;
  for (formats::TensorEntry& tensor : out.tensors) {
    const auto bytes = formats::tensor_bytes(file, tensor, scratch);
    const quant::TypeInfo& type = quant::info(tensor.type);
    std::vector<float> floats(bytes->size() / type.block_bytes * type.block_size);
    type.decode(bytes->data(), floats.size(), floats.data());
    tensor.type = quant::DType::f32;
    tensor.offset = data.size();
    tensor.n_bytes = floats.size() * sizeof(float);
    const auto as_bytes = std::as_bytes(std::span(floats));
    data.insert(data.end(), as_bytes.begin(), as_bytes.end());
  }
  out.sources = {memory_source(std::move(data), "decoded")};
  return out;
}

// Parts of one fused product have different types.
quant::DType mixed_type(std::string_view name) {
  using enum quant::DType;
  struct Row {
    std::string_view part;
    quant::DType type;
  };
  for (const Row& row : {Row{"attn_q", q4_0},
                         {"attn_k", f16},
                         {"attn_v", q8_0},
                         {"attn_output", q5_1},
                         {"ffn_gate", bf16},
                         {"ffn_up", q4_1},
                         {"ffn_down", q8_0},
                         {"token_embd", q5_0}})
    if (name.find(row.part) != std::string_view::npos) return row.type;
  return f32;
}

TEST(Forward, MixedTypesInOneLayer) {
  Machine machine(2);
  const formats::ModelFile file = tiny({.type_of = mixed_type});
  const auto mixed = load(file, machine), decoded = load(as_f32(file), machine);
  ASSERT_TRUE(mixed) << text_of(mixed);
  ASSERT_TRUE(decoded) << text_of(decoded);
  const auto tokens = some_tokens(20, 320);
  const auto expected = logits_of(*decoded, machine, tokens, {20});
  EXPECT_LT(largest_difference(*logits_of(*mixed, machine, tokens, {20}), *expected), 1e-5);

  machine.float_activations = false;
  const auto rounded = logits_of(*mixed, machine, tokens, {20});
  ASSERT_TRUE(rounded) << text_of(rounded);
  EXPECT_LT(mean_difference(*rounded, *expected), 0.05);
  EXPECT_GT(mean_difference(*rounded, *expected), 1e-6);
  for (const size_t n_threads : {1, 3, 8})
    for (const size_t piece : {1, 7, 13}) {
      Machine other(n_threads);
      other.float_activations = false;
      EXPECT_EQ(*logits_of(*mixed, other, tokens, runs_of(20, piece)), *rounded) << n_threads << " threads, runs of " << piece;
    }
}

TEST(Forward, LastIsTheLastOfAllAndNoneOnlyFillsTheCache) {
  Machine machine;
  const auto model = load(tiny({.tied_head = true}), machine);
  ASSERT_TRUE(model) << text_of(model);
  const auto tokens = some_tokens(12, 320);
  const auto all = logits_of(*model, machine, tokens, {12});
  auto timeline = timeline_of(*model, machine);
  std::vector<float> last(320);
  const std::span<const TokenId> run(tokens);
  ASSERT_TRUE(forward(machine.context(), model->spec, model->weights, *timeline, run.first(9), 0, Outputs::none, {}));
  ASSERT_TRUE(forward(machine.context(), model->spec, model->weights, *timeline, run.subspan(9), 9, Outputs::last, last));
  EXPECT_TRUE(std::equal(last.begin(), last.end(), all->end() - 320));
}

TEST(Forward, RoundedCachesStayNear) {
  Machine machine(2);
  const auto model = load(tiny(), machine);
  ASSERT_TRUE(model) << text_of(model);
  const auto tokens = some_tokens(60, 320);
  const auto exact = logits_of(*model, machine, tokens, {60});
  for (const auto& [type, bound] : {std::pair{kernels::KvType::f16, 2e-3}, {kernels::KvType::q8_0, 3e-2}}) {
    const KvShape shape{.context = 60, .chunk = 60, .type = type};
    const auto whole = logits_of(*model, machine, tokens, {60}, shape);
    ASSERT_TRUE(whole) << text_of(whole);
    EXPECT_LT(mean_difference(*whole, *exact), bound);
    EXPECT_GT(mean_difference(*whole, *exact), 1e-6);
    EXPECT_EQ(*logits_of(*model, machine, tokens, runs_of(60, 11), shape), *whole);
  }
}

// The scale of a layer's scores is a factor of its queries.
TEST(Forward, EveryLayerHasItsOwnScoreScale) {
  Machine machine;
  const auto tokens = some_tokens(20, 320);
  auto bytes = test::tiny_llama_gguf();
  auto scaled = load(*read_bytes_of(bytes), machine);
  ASSERT_TRUE(scaled) << text_of(scaled);
  const formats::TensorEntry& q = *scaled->file.find("blk.1.attn_q.weight");
  for (uint64_t at = q.offset; at < q.offset + q.n_bytes; at += sizeof(float)) {
    float weight;
    std::memcpy(&weight, &bytes[at], sizeof weight);
    weight *= 2;
    std::memcpy(&bytes[at], &weight, sizeof weight);
  }
  const auto doubled = load(*read_bytes_of(bytes), machine);
  ASSERT_TRUE(doubled) << text_of(doubled);
  scaled->spec.layers[1].attention_scale *= 2;
  EXPECT_EQ(*logits_of(*scaled, machine, tokens, {20}), *logits_of(*doubled, machine, tokens, {20}));
}

class Windowed : public testing::Test {
 protected:
  static constexpr size_t kWindow = 16, kChunk = 8, kLength = 200;
  // A ring of window + chunk slots, and one that never comes around.
  static constexpr KvShape kRing{.context = 256, .chunk = kChunk, .type = kernels::KvType::f32};
  static constexpr KvShape kWhole{.context = 256, .chunk = 256, .type = kernels::KvType::f32};

  void SetUp() override {
    formats::ModelFile file = tiny();
    file.metadata.set("llama.attention.sliding_window", int64_t{kWindow});
    auto loaded = load(std::move(file), machine);
    ASSERT_TRUE(loaded) << text_of(loaded);
    model.emplace(std::move(*loaded));
    expected = *logits_of(*model, machine, tokens, {kLength}, kWhole);
  }
  std::span<const float> expected_rows(size_t first, size_t n) const { return std::span(expected).subspan(first * 320, n * 320); }

  Status add(Timeline& timeline, size_t first, size_t n, std::vector<float>& logits) {
    logits.resize(n * 320);
    return forward(machine.context(), model->spec, model->weights, timeline, std::span(tokens).subspan(first, n), first,
                   Outputs::all, logits);
  }

  Machine machine{2};
  std::optional<LoadedModel> model;
  std::vector<TokenId> tokens = some_tokens(kLength, 320);
  std::vector<float> expected;
};

TEST_F(Windowed, RingsAreSmallAndExact) {
  EXPECT_EQ(kv_cache_bytes(model->spec, kRing),
            kv_cache_bytes(model->spec, {.context = kWindow + kChunk, .chunk = kChunk, .type = kRing.type}));
  EXPECT_EQ(kv_cache_bytes(model->spec, kRing) * 4, kv_cache_bytes(model->spec, kWhole));  // one tile of four
  for (const size_t piece : {1, 3, 8}) EXPECT_EQ(*logits_of(*model, machine, tokens, runs_of(kLength, piece), kRing), expected);
  // The window is seen: without it the numbers are others from its end on.
  ModelSpec open = model->spec;
  for (LayerSpec& layer : open.layers) layer.window = 0;
  std::swap(open, model->spec);
  const auto unwindowed = logits_of(*model, machine, tokens, {kLength}, kWhole);
  EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + kWindow * 320, unwindowed->begin()));
  EXPECT_GT(largest_difference(std::span(*unwindowed).subspan(kWindow * 320), expected_rows(kWindow, kLength - kWindow)), 1e-3);
}

TEST_F(Windowed, RewindsAsFarAsTheRingHolds) {
  auto timeline = timeline_of(*model, machine, kRing);
  ASSERT_TRUE(timeline) << text_of(timeline);
  std::vector<float> logits;
  EXPECT_TRUE(timeline->cache.can_go_on_at(0));
  for (size_t first = 0; first < 104; first += kChunk) ASSERT_TRUE(add(*timeline, first, kChunk, logits));
  for (const size_t position : {size_t{0}, size_t{104}, size_t{104} - kChunk - 1})
    EXPECT_TRUE(timeline->cache.can_go_on_at(position));
  for (const size_t position : {size_t{1}, size_t{50}, size_t{104} - kChunk - 2})
    EXPECT_FALSE(timeline->cache.can_go_on_at(position));

  const size_t back = 104 - kChunk - 1;
  ASSERT_TRUE(add(*timeline, back, kChunk, logits));
  EXPECT_TRUE(std::ranges::equal(logits, expected_rows(back, kChunk)));
  EXPECT_FALSE(timeline->cache.can_go_on_at(back - 1));  // still overwritten
  ASSERT_TRUE(add(*timeline, 0, kChunk, logits));
  EXPECT_TRUE(std::ranges::equal(logits, expected_rows(0, kChunk)));
  for (size_t position = 0; position <= kChunk; ++position) EXPECT_TRUE(timeline->cache.can_go_on_at(position));
}

TEST_F(Windowed, CachesWithoutRingsRewindAnywhere) {
  auto timeline = timeline_of(*model, machine, kWhole);
  std::vector<float> logits;
  ASSERT_TRUE(add(*timeline, 0, kLength, logits));
  for (size_t position = 0; position <= kLength; ++position) EXPECT_TRUE(timeline->cache.can_go_on_at(position));
}

TEST_F(Windowed, CopiedCachesGoTheirOwnWays) {
  auto one = timeline_of(*model, machine, kRing), two = timeline_of(*model, machine, kRing);
  std::vector<float> logits;
  for (size_t first = 0; first < 64; first += kChunk) ASSERT_TRUE(add(*one, first, kChunk, logits));
  two->cache.copy_from(one->cache);
  const std::vector<TokenId> other(kChunk, 7);
  logits.resize(kChunk * 320);
  ASSERT_TRUE(forward(machine.context(), model->spec, model->weights, *one, other, 64, Outputs::all, logits));
  ASSERT_TRUE(add(*two, 64, kChunk, logits));
  EXPECT_TRUE(std::ranges::equal(logits, expected_rows(64, kChunk)));
  EXPECT_FALSE(two->cache.can_go_on_at(40));
}

// A kernel table that stops the work at the n-th norm.
struct Stopper {
  static inline CancelSource cancel;
  static inline std::atomic<int> left{0};
  static void rms_norm(const float* x, const float* weight, float eps, size_t n, float* out) {
    if (--left == 0) cancel.cancel();
    best_kernels().rms_norm(x, weight, eps, n, out);
  }
};

TEST(Forward, StoppedAnywhereTheTimelineIsAsBefore) {
  kernels::KernelTable table = best_kernels();
  table.rms_norm = Stopper::rms_norm;
  Machine machine(2);
  const auto model = load(tiny(), machine);
  ASSERT_TRUE(model) << text_of(model);
  const auto tokens = some_tokens(30, 320);
  const std::span<const TokenId> run(tokens);
  const auto expected = logits_of(*model, machine, tokens, {30});
  auto timeline = timeline_of(*model, machine);
  ASSERT_TRUE(forward(machine.context(), model->spec, model->weights, *timeline, run.first(20), 0, Outputs::none, {}));
  std::vector<float> logits(10 * 320);
  for (int n_norms = 1; n_norms <= 50; n_norms += 7) {  // 5 norms of 10 tokens
    Stopper::cancel = {};
    Stopper::left = n_norms;
    Machine stopped(2, table);
    stopped.control.cancel = Stopper::cancel.token();
    const auto status =
        forward(stopped.context(), model->spec, model->weights, *timeline, run.subspan(20), 20, Outputs::all, logits);
    EXPECT_REFUSED(status, ErrorCode::cancelled, "");
    ASSERT_TRUE(forward(machine.context(), model->spec, model->weights, *timeline, run.subspan(20), 20, Outputs::all, logits));
    EXPECT_TRUE(std::equal(logits.begin(), logits.end(), expected->begin() + 20 * 320)) << n_norms;
  }
}

struct BadNumber {
  const char* tensor;
  const char* where;
};

// Whatever tensor it lies in, and however weights, activations and cache are rounded, it does not become a plausible answer.
TEST(Forward, NumbersThatAreNotFiniteAreFaultsThatSayWhere) {
  const BadNumber rows[] = {
      {"token_embd.weight", "layer 0"},     {"blk.0.attn_norm.weight", "blk.0.attn_norm.weight"},
      {"blk.0.attn_q.weight", "layer 0"},   {"blk.1.attn_k.weight", "layer 1"},
      {"blk.0.attn_v.weight", "layer 0"},   {"blk.1.attn_output.weight", "layer 1"},
      {"blk.0.ffn_gate.weight", "layer 0"}, {"blk.1.ffn_up.weight", "layer 1"},
      {"blk.0.ffn_down.weight", "layer 0"}, {"output_norm.weight", "output_norm.weight"},
      {"output.weight", "the head"},
  };
  const auto tokens = some_tokens(9, 320);
  for (const BadNumber& row : rows)
    for (const float number : {NAN, INFINITY, -INFINITY})
      for (const bool rounded : {false, true})
        for (const auto cache : {kernels::KvType::f32, kernels::KvType::f16, kernels::KvType::q8_0}) {
          SCOPED_TRACE(std::string(row.tensor) + " " + std::to_string(number) + (rounded ? " rounded" : " kept"));
          std::vector<std::byte> bytes = test::tiny_llama_gguf();
          const auto clean = read_bytes_of(bytes);
          const formats::TensorEntry& tensor = *clean->find(row.tensor);
          const size_t at = tensor.name == "token_embd.weight" ? static_cast<size_t>(tokens[3]) * 64 : 5;
          std::memcpy(bytes.data() + tensor.offset + at * sizeof(float), &number, sizeof number);
          Machine machine;
          machine.float_activations = !rounded;
          const auto model = load(std::move(*read_bytes_of(std::move(bytes))), machine, {.keep = !rounded, .type = {}});
          if (!model) {
            EXPECT_REFUSED(model, ErrorCode::numeric_fault, row.where);
            continue;
          }
          for (const size_t piece : {1, 9}) {
            const auto logits = logits_of(*model, machine, tokens, runs_of(9, piece), {.context = 16, .chunk = 9, .type = cache});
            EXPECT_REFUSED(logits, ErrorCode::numeric_fault, row.where);
          }
        }
}

// A cache of halves would hold them as its largest number, and a plausible answer would come of it.
TEST(Forward, KeysThatTurnOutOfTheRangeAreFaults) {
  std::vector<std::byte> bytes = test::tiny_llama_gguf();
  const auto clean = read_bytes_of(bytes);
  const auto put = [&](std::string_view tensor, size_t at, float number) {
    std::memcpy(bytes.data() + clean->find(tensor)->offset + at * sizeof number, &number, sizeof number);
  };
  // Of token 0, the norm is 8 and 63 zeros, and each number of a key 0.8 of the largest float; the first turn makes 1.38 of it.
  for (size_t i = 0; i < 64; ++i) put("token_embd.weight", i, i == 0);
  put("blk.0.attn_norm.weight", 0, 1.0f);
  for (size_t row = 0; row < 32; ++row) put("blk.0.attn_k.weight", row * 64, 0.1f * std::numeric_limits<float>::max());
  Machine machine;
  const auto model = load(std::move(*read_bytes_of(std::move(bytes))), machine);
  ASSERT_TRUE(model) << text_of(model);
  const std::vector<TokenId> tokens{0, 0};
  for (const auto cache : {kernels::KvType::f16, kernels::KvType::q8_0}) {
    const KvShape shape{.context = 16, .chunk = 9, .type = cache};
    EXPECT_TRUE(logits_of(*model, machine, std::span(tokens).first(1), {1}, shape)) << "position 0 does not turn";
    EXPECT_REFUSED(logits_of(*model, machine, tokens, {2}, shape), ErrorCode::numeric_fault, "layer 0");
  }
}

}  // namespace
}  // namespace sotto::model
