// WeightsPlan: which tensor of a file is what, in which type it will be held, and where in one arena. plan_weights() reads no
// weight: it checks the names, shapes and types of all tensors and tells every fault at once.
#pragma once

#include <optional>
#include <vector>

#include "formats/model_file.h"
#include "kernels/kernel_table.h"
#include "model/arch/architecture.h"
#include "tensor/packed_matrix.h"

namespace sotto::model {

/// Whether the head has a screen, so that decoding reads its rows in 4 bits and few of the others (ops/best_rows.h): a Q8_0 head is
/// cut in halves for that, rows of other types are held a second time. automatic: where the head is more than half of all weights.
enum class HeadScreen : uint8_t { off, automatic, on };

/// What linears and the head are held as. F32 is rounded to Q8_0 unless `keep`; F16 and BF16 only when a type is asked for.
struct WeightPolicy {
  bool keep = false;                   // everything as in the file
  std::optional<quant::DType> type{};  // round F32, F16 and BF16 linears to this type (blocks of at most 32)
  HeadScreen head_screen = HeadScreen::automatic;
};

/// One tensor and where it goes.
struct WeightItem {
  Role role{};
  size_t layer = 0;
  const formats::TensorEntry* tensor = nullptr;
  bool transposed = false;  // (inputs, outputs) in the file
  bool is_matrix = false;   // packed; otherwise a vector of floats
  bool screened = false;    // the head, where it has a screen
  PackedMatrix matrix;      // without data
  size_t n_floats = 0;      // of a vector
  uint64_t offset = 0;      // in the arena, bytes
};

/// Where the head's screen goes, if there is one.
struct ScreenItem {
  PackedMatrix high;                           // without data; of a split head its own, elsewhere in the arena
  uint64_t high_offset = 0, rests_offset = 0;  // in the arena
};

struct WeightsPlan {
  std::vector<WeightItem> items;  // in the order of the file, so that it is read from front to back
  uint64_t arena_bytes = 0;       // exactly what load_weights() allocates
  ScreenItem screen;

  /// In the file: of its weights, as far as they have one type.
  quant::DType embedding_type() const noexcept;
};

/// `file` must outlive the plan. Errors: bad_model listing every missing, misshapen or unknown tensor; unsupported naming types
/// that are not computed; invalid_argument: a policy's type that cannot be made while loading.
Result<WeightsPlan> plan_weights(const formats::ModelFile& file, const ModelSpec& spec, const kernels::KernelTable& kernels,
                                 const WeightPolicy& policy);

}  // namespace sotto::model
