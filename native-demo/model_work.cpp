#include "model_work.h"

#include <algorithm>

namespace sotto::cli {
namespace {

// Looked up by row, not multiplied.
constexpr std::string_view kPositions[] = {"position_embd.weight", "wpe.weight"};
constexpr std::string_view kHeads[] = {"output.weight", "lm_head.weight"};

template <size_t N>
bool is_one_of(std::string_view name, const std::string_view (&endings)[N]) {
  return std::any_of(std::begin(endings), std::end(endings), [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

ModelWork model_work(const Inspection& file, const ModelInfo& info) {
  ModelWork work;
  bool own_head = false;
  uint64_t embedding_bytes = 0;
  for (const Inspection::Tensor& tensor : file.tensors) {
    if (tensor.shape.size() != 2 || is_one_of(tensor.name, kPositions)) continue;
    if (tensor.shape.front() != info.n_vocab)
      work.macs += static_cast<double>(tensor.shape[0]) * static_cast<double>(tensor.shape[1]);
    else if (is_one_of(tensor.name, kHeads))
      own_head = true;
    else
      embedding_bytes = tensor.bytes;
  }
  if (own_head && file.tensor_bytes > 0)
    work.weight_share = 1 - static_cast<double>(embedding_bytes) / static_cast<double>(file.tensor_bytes);
  return work;
}

double attention_macs(const ModelInfo& info, size_t n) {
  double positions = 0;  // looked at, of one layer without window
  for (size_t i = 1; i <= n; ++i) positions += static_cast<double>(i);
  // Scores and the weighted sum of values.
  return 2 * positions * static_cast<double>(info.n_layers * info.n_heads * info.head_dim);
}

}  // namespace sotto::cli
