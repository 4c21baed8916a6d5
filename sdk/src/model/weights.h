// Weights: every tensor of a model, packed for one kernel table, in one arena. Immutable after loading, shared between threads.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "buffer.h"
#include "model/head_screen.h"

namespace sotto::model {

/// The tensors of one layer, or the global ones, by role.
struct WeightSet {
  std::array<PackedMatrix, kRoles> matrices;
  std::array<const float*, kRoles> vectors{};

  const PackedMatrix& matrix(Role role) const noexcept { return matrices[static_cast<size_t>(role)]; }
  const float* vector(Role role) const noexcept { return vectors[static_cast<size_t>(role)]; }
};

/// Told how much of the tensors' bytes has been read; called between pieces, by the thread that loads.
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
  /// What decoding a token reads where only the best are wanted, but for few rows of the head.
  uint64_t decode_bytes() const noexcept;

 private:
  friend class WeightsLoader;
  Buffer arena_;
  WeightSet global_;
  ops::RowScreen head_screen_;
  std::vector<WeightSet> layers_;
};

/// Reads and packs in parallel, front to back, as far as the bytes are there; what has been read is released behind it.
class WeightsLoader {
 public:
  WeightsLoader() = default;
  /// `file` must outlive the loader.
  WeightsLoader(const formats::ModelFile& file, const ModelSpec& spec, WeightsPlan plan);

  /// Memory for all of the plan, before the first advance(). Errors: out_of_memory.
  Status allocate();
  uint64_t planned_bytes() const noexcept { return plan_.arena_bytes; }

  /// How many bytes of a source, an index into ModelFile::sources, can be read now.
  using Arrived = FunctionRef<uint64_t(uint32_t source)>;
  /// `progress` may be empty. Errors: as ByteSource::read, numeric_fault for a norm or bias that is not finite, cancelled,
  /// deadline_exceeded; out_of_memory.
  Status advance(const ops::OpContext& context, Arrived arrived, const LoadProgress& progress);
  /// The first byte that the next advance() needs; nothing when all is packed.
  std::optional<std::pair<uint32_t, uint64_t>> needs() const noexcept;

  uint64_t done_bytes() const noexcept { return done_bytes_; }
  uint64_t total_bytes() const noexcept { return total_bytes_; }
  /// When nothing is needed any more.
  Weights take();

  // What one thread works in. Buffers grow to the largest piece and stay.
  struct Scratch {
    Buffer file_rows, floats, held_rows;
  };

 private:
  Status advance_item(const ops::OpContext& context, const WeightItem& item, uint64_t n_arrived);

  const formats::ModelFile* file_ = nullptr;
  float norm_weight_offset_ = 0;
  WeightsPlan plan_;
  Weights weights_;
  std::optional<ScreenMaker> screen_;
  std::vector<Scratch> scratch_;
  size_t item_ = 0;           // of the plan, that is packed now
  size_t groups_packed_ = 0;  // of it
  uint64_t done_bytes_ = 0, total_bytes_ = 0;
};

/// All of them at once. Errors: as WeightsLoader.
Result<Weights> load_weights(const formats::ModelFile& file, const ModelSpec& spec, WeightsPlan plan, const ops::OpContext& context,
                             const LoadProgress& progress);

/// Row `row` of a packed matrix as floats; out: (n_cols_padded).
void gather_row(const kernels::KernelTable& kernels, const PackedMatrix& matrix, size_t row, float* out) noexcept;

}  // namespace sotto::model
