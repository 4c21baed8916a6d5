#include "quant/bf16.h"

#include "quant/block.h"

namespace sotto::quant::bf16 {

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t i = 0; i < n_weights; ++i) out[i] = bf16_to_float(load_block<Block>(blocks, i));
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t i = 0; i < n_weights; ++i) store_block<Block>(float_to_bf16(weights[i]), blocks, i);
}

}  // namespace sotto::quant::bf16
