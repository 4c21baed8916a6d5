// matmul/TARGET/TYPE/TOKENS/WHERE: products of one packed matrix on one thread, from the second-level cache and (few tokens) from
// memory; pack/TARGET/TYPE: making the packed layout.
#include <cmath>
#include <vector>

#include "targets.h"

namespace sotto::bench {
namespace {

using kernels::KernelTable;
using kernels::WeightKernels;
using quant::DType;

constexpr size_t kColumns = 1024;

std::vector<float> numbers(size_t n) {
  std::vector<float> x(n);
  uint32_t state = 1;
  for (float& value : x) {
    state = state * 1664525u + 1013904223u;
    value = (static_cast<float>(state >> 8) / 8388608.0f - 1.0f);
  }
  return x;
}

/// One group of rows as they lie in a file.
struct FileRows {
  size_t row_bytes;
  std::vector<std::byte> bytes;

  FileRows(DType type, size_t n_rows)
      : row_bytes(static_cast<size_t>(*quant::row_bytes(type, kColumns))), bytes(row_bytes * n_rows) {
    const auto x = numbers(n_rows * kColumns);
    quant::info(type).encode(x.data(), x.size(), bytes.data());
  }
};

void matmul(benchmark::State& state, const KernelTable& table, DType type, size_t n_tokens, size_t n_rows) {
  const WeightKernels& kernel = table.weights[static_cast<size_t>(type)];
  const size_t rows_per_group = kernel.rows_per_group, n_groups = n_rows / rows_per_group,
               group_bytes = kernel.group_bytes(kColumns);
  const FileRows rows(type, rows_per_group);
  std::vector<std::byte> packed(n_groups * group_bytes);
  kernel.pack(rows.bytes.data(), rows.row_bytes, rows_per_group, kColumns, kColumns, packed.data());
  for (size_t g = 1; g < n_groups; ++g)
    std::copy_n(packed.begin(), group_bytes, packed.begin() + static_cast<ptrdiff_t>(g * group_bytes));
  const auto x = numbers(n_tokens * kColumns);
  const auto format = quant::info(type).activations;
  std::vector<std::byte> activations(table.activation_bytes(format, kColumns, n_tokens));
  for (size_t t = 0; t < n_tokens; t += table.token_tile(format))
    table.quantize_activations(format, x.data() + t * kColumns, kColumns, std::min(table.token_tile(format), n_tokens - t),
                               kColumns, kColumns, activations.data() + table.activation_bytes(format, kColumns, t));
  std::vector<float> out(n_tokens * n_rows);
  const kernels::MatmulArgs args{packed.data(), n_groups,   n_rows, kColumns, activations.data(),
                                 n_tokens,      out.data(), n_rows, nullptr,  false};
  for (auto _ : state) {
    kernel.matmul(args);
    benchmark::DoNotOptimize(out.data());
  }
  set_rate(state, "MAC/s", static_cast<double>(n_rows * kColumns * n_tokens));
  set_rate(state, "B/s", static_cast<double>(packed.size()));
}

void pack(benchmark::State& state, const KernelTable& table, DType type) {
  const WeightKernels& kernel = table.weights[static_cast<size_t>(type)];
  const FileRows rows(type, kernel.rows_per_group);
  std::vector<std::byte> group(kernel.group_bytes(kColumns));
  for (auto _ : state) {
    kernel.pack(rows.bytes.data(), rows.row_bytes, kernel.rows_per_group, kColumns, kColumns, group.data());
    benchmark::DoNotOptimize(group.data());
  }
  set_rate(state, "B/s", static_cast<double>(rows.bytes.size()));
}

const int registered = for_each_target("", [](const KernelTable& table, const std::string& target) {
  for (size_t i = 0; i < quant::kComputedTypes; ++i) {
    const auto type = static_cast<DType>(i);
    const std::string name = target + "/" + std::string(quant::info(type).name);
    for (const size_t n_tokens : {1, 2, 4, 8, 64})
      benchmark::RegisterBenchmark(("matmul" + name + "/" + std::to_string(n_tokens) + "/cache").c_str(), matmul, std::cref(table),
                                   type, n_tokens, 256);
    for (const size_t n_tokens : {1, 4})
      benchmark::RegisterBenchmark(("matmul" + name + "/" + std::to_string(n_tokens) + "/memory").c_str(), matmul, std::cref(table),
                                   type, n_tokens, size_t{1} << 17);
    benchmark::RegisterBenchmark(("pack" + name).c_str(), pack, std::cref(table), type);
  }
});

}  // namespace
}  // namespace sotto::bench
