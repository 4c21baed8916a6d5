// Weights: every tensor of a model, packed for one kernel table, in one arena. Immutable after loading, shared between threads.
#pragma once

#include <array>
#include <functional>

#include "buffer.h"
#include "model/weights_plan.h"
#include "ops/best_rows.h"

namespace sotto::model {

/// The tensors of one layer, or the global ones, by role.
struct WeightSet {
  std::array<PackedMatrix, kRoles> matrices;
  std::array<const float*, kRoles> vectors{};

  const PackedMatrix& matrix(Role role) const noexcept { return matrices[static_cast<size_t>(role)]; }
  const float* vector(Role role) const noexcept { return vectors[static_cast<size_t>(role)]; }
};

/// Told how much of the tensors' bytes has been read; called between tensors, by the thread that loads.
using LoadProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;

class Weights {
 public:
  const WeightSet& global() const noexcept { return global_; }
  const WeightSet& layer(size_t i) const noexcept { return layers_[i]; }
  /// The head's matrix, which is the token embedding's where the model ties them.
  const PackedMatrix& head() const noexcept {
    return global_.matrix(Role::head) ? global_.matrix(Role::head) : global_.matrix(Role::token_embedding);
  }
  /// Of head(), if it has one.
  const ops::RowScreen& head_screen() const noexcept { return head_screen_; }
  size_t bytes() const noexcept { return arena_.size(); }

 private:
  friend Result<Weights> load_weights(const formats::ModelFile&, const ModelSpec&, const WeightsPlan&, const ops::OpContext&,
                                      const LoadProgress&);
  Buffer arena_;
  WeightSet global_;
  ops::RowScreen head_screen_;
  std::vector<WeightSet> layers_;
};

/// Reads and packs in parallel; what has been read is released behind it. `progress` may be empty.
/// Errors: as ByteSource::read, out_of_memory, numeric_fault for a norm or bias that is not finite, cancelled, deadline_exceeded.
Result<Weights> load_weights(const formats::ModelFile& file, const ModelSpec& spec, const WeightsPlan& plan,
                             const ops::OpContext& context, const LoadProgress& progress);

/// Row `row` of a packed matrix as floats; out: (n_cols_padded).
void gather_row(const kernels::KernelTable& kernels, const PackedMatrix& matrix, size_t row, float* out) noexcept;

}  // namespace sotto::model
