// attention/TARGET/FORMAT/SEEN/TOKENS/WHERE: one key/value head with three query heads of 64 (SmolLM2's shape) on one thread,
// always the same (cache) or one of 90 after the other, as many as SmolLM2 has in all layers (memory).
#include <vector>

#include "targets.h"

namespace sotto::bench {
namespace {

using kernels::KernelTable;
using kernels::KvType;

constexpr size_t kHeads = 3, kHeadDim = 64;

void attention(benchmark::State& state, const KernelTable& table, KvType type, size_t n_seen, size_t n_tokens, size_t n_kv_heads) {
  const size_t head_bytes = n_seen * kernels::kv_row_bytes(type, kHeadDim);
  std::vector<std::byte> keys(n_kv_heads * head_bytes), values(keys.size());
  std::vector<float> row(kHeadDim), queries(n_tokens * kHeads * kHeadDim), out(queries.size());
  for (size_t i = 0; i < kHeadDim; ++i) row[i] = static_cast<float>(i % 7) / 7 - 0.4f;
  for (size_t i = 0; i < queries.size(); ++i) queries[i] = static_cast<float>(i % 11) / 11 - 0.4f;
  for (size_t slot = 0; slot < n_kv_heads * n_seen; ++slot)
    table.kv_store(type, row.data(), row.data(), kHeadDim, slot, keys.data(), values.data());
  std::vector<float> scratch(table.attention_scratch_floats(kHeads, kHeadDim));
  kernels::AttentionArgs args{.queries = queries.data(),
                              .query_stride = kHeads * kHeadDim,
                              .n_tokens = n_tokens,
                              .n_heads = kHeads,
                              .head_dim = kHeadDim,
                              .keys = keys.data(),
                              .values = values.data(),
                              .kv_type = type,
                              .n_slots = n_seen,
                              .first_position = n_seen - n_tokens,
                              .window = 0,
                              .scale = 0.125f,
                              .soft_cap = 0,
                              .out = out.data(),
                              .out_stride = kHeads * kHeadDim,
                              .scratch = scratch.data()};
  size_t head = 0;
  for (auto _ : state) {
    args.keys = keys.data() + head * head_bytes;
    args.values = values.data() + head * head_bytes;
    head = head + 1 == n_kv_heads ? 0 : head + 1;
    table.attention(args);
    benchmark::DoNotOptimize(out.data());
  }
  set_rate(state, "MAC/s", static_cast<double>(2 * n_tokens * kHeads * kHeadDim * n_seen));
  set_rate(state, "B/s", static_cast<double>(2 * head_bytes));
}

const int registered = for_each_target("attention", [](const KernelTable& table, const std::string& name) {
  constexpr std::pair<KvType, const char*> kTypes[] = {{KvType::f16, "f16"}, {KvType::f32, "f32"}, {KvType::q8_0, "q8_0"}};
  for (const auto& [type, type_name] : kTypes)
    for (const size_t n_seen : {64, 512, 4096})
      for (const size_t n_tokens : {1, 16})
        for (const size_t n_kv_heads : {1, 90})
          benchmark::RegisterBenchmark((name + "/" + type_name + "/" + std::to_string(n_seen) + "/" + std::to_string(n_tokens) +
                                        (n_kv_heads == 1 ? "/cache" : "/memory"))
                                           .c_str(),
                                       attention, std::cref(table), type, n_seen, n_tokens, n_kv_heads);
});

}  // namespace
}  // namespace sotto::bench
