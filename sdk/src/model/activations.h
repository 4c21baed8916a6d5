// Activations: every scratch tensor of forward(), one arena, made once per session. n is the chunk: the most tokens of one call.
#pragma once

#include <vector>

#include "buffer.h"
#include "kernels/kernel_table.h"
#include "model/kv_cache.h"
#include "model/spec.h"

namespace sotto::model {

class Activations {
 public:
  /// Exactly what make() allocates.
  static uint64_t bytes_needed(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv, size_t n_threads);
  /// Errors: out_of_memory.
  static Result<Activations> make(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv, size_t n_threads);

  float* x = nullptr;          // (n, dim) the residual stream
  float* normed = nullptr;     // (n, dim) what the next linear reads
  float* qkv = nullptr;        // (n, q_dim + 2 kv_dim)
  float* attended = nullptr;   // (n, q_dim)
  float* projected = nullptr;  // (n, dim) outputs that are normed before they join x
  float* gate = nullptr;       // (n, ffn_dim)
  float* up = nullptr;         // (n, ffn_dim)
  float* row = nullptr;        // (dim padded) one gathered embedding row
  std::vector<float*> cos;     // per rope: (n, rotary_dim / 2)
  std::vector<float*> sin;
  std::byte* rounded = nullptr;  // activations in the kernels' formats
  float* attention_scratch = nullptr;
  std::byte* best_rows_scratch = nullptr;

  size_t chunk() const noexcept { return chunk_; }
  size_t bytes() const noexcept { return arena_.size(); }

 private:
  uint64_t lay_out(const ModelSpec& spec, const kernels::KernelTable& kernels, const KvShape& kv, size_t n_threads,
                   std::byte* base);

  Buffer arena_;
  size_t chunk_ = 0;
};

}  // namespace sotto::model
