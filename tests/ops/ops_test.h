// What the tests of operations share: threads with a stop, random numbers, matrices in every packed type with their decoded twin.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "kernels/dispatch.h"
#include "ops/context.h"
#include "tensor/packed_matrix.h"

namespace sotto::ops {

inline const kernels::KernelTable& best_kernels() {
  return kernels::best_table(cpu_features());
}

struct Machine {
  ThreadPool pool;
  RunControl control{};
  ActivationWidth activations = ActivationWidth::by_type;
  explicit Machine(size_t n_threads = 1) : pool(n_threads) {}
  OpContext context() { return {best_kernels(), pool, control, nullptr, activations}; }
};

/// Numbers in [-1, 1), the same on every machine.
inline std::vector<float> random_floats(size_t n, uint32_t seed) {
  std::vector<float> out(n);
  for (float& x : out) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(static_cast<int32_t>(seed) >> 8) / static_cast<float>(1 << 23);
  }
  return out;
}

/// A random matrix of some type, packed, and the floats it stands for.
struct RandomMatrix {
  PackedMatrix packed;
  std::vector<float> decoded;  // (n_rows, n_cols)
  std::shared_ptr<std::byte[]> storage;

  /// n_cols: a multiple of the type's block.
  RandomMatrix(quant::DType type, size_t n_rows, size_t n_cols, uint32_t seed) : decoded(random_floats(n_rows * n_cols, seed)) {
    const quant::TypeInfo& info = quant::info(type);
    const kernels::WeightKernels& kernel = best_kernels().weights[static_cast<size_t>(type)];
    const size_t row_bytes = n_cols / info.block_size * info.block_bytes;
    std::vector<std::byte> rows(n_rows * row_bytes);
    info.encode(decoded.data(), decoded.size(), rows.data());
    info.decode(rows.data(), decoded.size(), decoded.data());
    packed.type = type;
    packed.n_rows = n_rows;
    packed.n_cols = n_cols;
    packed.n_cols_padded = round_up(n_cols, kernels::kColumnBlock);
    packed.rows_per_group = kernel.rows_per_group;
    packed.group_bytes = kernel.group_bytes(packed.n_cols_padded);
    storage = std::make_shared<std::byte[]>(packed.bytes() + 64);
    std::byte* data = storage.get() + (64 - reinterpret_cast<uintptr_t>(storage.get()) % 64);
    for (size_t group = 0; group < packed.n_groups(); ++group) {
      const size_t row = group * packed.rows_per_group;
      kernel.pack(rows.data() + row * row_bytes, row_bytes, std::min(packed.rows_per_group, n_rows - row), n_cols,
                  packed.n_cols_padded, data + group * packed.group_bytes);
    }
    packed.data = data;
  }
};

}  // namespace sotto::ops
