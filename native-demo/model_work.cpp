#include "model_work.h"

namespace sotto::cli {

double layer_macs(const Inspection& file, const ModelInfo& info) {
  double macs = 0;
  for (const Inspection::Tensor& tensor : file.tensors) {
    const bool looked_up = tensor.name.ends_with("position_embd.weight") || tensor.name.ends_with("wpe.weight");
    if (tensor.shape.size() == 2 && tensor.shape.front() != info.n_vocab && !looked_up)
      macs += static_cast<double>(tensor.shape[0]) * static_cast<double>(tensor.shape[1]);
  }
  return macs;
}

double attention_macs(const ModelInfo& info, size_t n) {
  double positions = 0;  // looked at, of one layer without window
  for (size_t i = 1; i <= n; ++i) positions += static_cast<double>(i);
  // Scores and the weighted sum of values.
  return 2 * positions * static_cast<double>(info.n_layers * info.n_heads * info.head_dim);
}

}  // namespace sotto::cli
