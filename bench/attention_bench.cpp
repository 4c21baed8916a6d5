// attention/TARGET/CACHE/SEEN/TOKENS: one key/value head with three query heads of 64 (SmolLM2's shape) on one thread.
#include <vector>

#include "targets.h"

namespace sotto::bench {
namespace {

using kernels::KernelTable;
using kernels::KvType;

constexpr size_t kHeads = 3, kHeadDim = 64;

void attention(benchmark::State& state, const KernelTable& table, KvType type, size_t n_seen, size_t n_tokens) {
  const size_t row_bytes = kernels::kv_row_bytes(type, kHeadDim);
  std::vector<std::byte> keys(n_seen * row_bytes), values(keys.size());
  std::vector<float> row(kHeadDim), queries(n_tokens * kHeads * kHeadDim), out(queries.size());
  for (size_t i = 0; i < kHeadDim; ++i) row[i] = static_cast<float>(i % 7) / 7 - 0.4f;
  for (size_t i = 0; i < queries.size(); ++i) queries[i] = static_cast<float>(i % 11) / 11 - 0.4f;
  for (size_t slot = 0; slot < n_seen; ++slot) {
    table.kv_store(type, row.data(), kHeadDim, keys.data() + slot * row_bytes);
    table.kv_store(type, row.data(), kHeadDim, values.data() + slot * row_bytes);
  }
  std::vector<float> scratch(table.attention_scratch_floats(kHeads, kHeadDim));
  const kernels::AttentionArgs args{.queries = queries.data(),
                                    .query_stride = kHeads * kHeadDim,
                                    .n_tokens = n_tokens,
                                    .n_heads = kHeads,
                                    .head_dim = kHeadDim,
                                    .keys = keys.data(),
                                    .values = values.data(),
                                    .row_stride_bytes = row_bytes,
                                    .kv_type = type,
                                    .n_slots = n_seen,
                                    .first_position = n_seen - n_tokens,
                                    .window = 0,
                                    .scale = 0.125f,
                                    .soft_cap = 0,
                                    .out = out.data(),
                                    .out_stride = kHeads * kHeadDim,
                                    .scratch = scratch.data()};
  for (auto _ : state) {
    table.attention(args);
    benchmark::DoNotOptimize(out.data());
  }
  set_rate(state, "MAC/s", static_cast<double>(2 * n_tokens * kHeads * kHeadDim * n_seen));
  set_rate(state, "B/s", static_cast<double>(2 * keys.size()));
}

const int registered = for_each_target("attention", [](const KernelTable& table, const std::string& name) {
  constexpr std::pair<KvType, const char*> kTypes[] = {{KvType::f16, "f16"}, {KvType::f32, "f32"}, {KvType::q8_0, "q8_0"}};
  for (const auto& [type, type_name] : kTypes)
    for (const size_t n_seen : {64, 512, 4096})
      for (const size_t n_tokens : {1, 16})
        benchmark::RegisterBenchmark(
            (name + "/" + type_name + "/" + std::to_string(n_seen) + "/" + std::to_string(n_tokens)).c_str(), attention,
            std::cref(table), type, n_seen, n_tokens);
});

}  // namespace
}  // namespace sotto::bench
