#include "quant/f32.h"

#include <cstring>

namespace sotto::quant::f32 {

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  if (n_weights > 0) std::memcpy(out, blocks, n_weights * sizeof(float));
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  if (n_weights > 0) std::memcpy(blocks, weights, n_weights * sizeof(float));
}

}  // namespace sotto::quant::f32
