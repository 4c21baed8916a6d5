#include "quant/q8_0.h"

#include "quant/block.h"
#include "quant/f16.h"

namespace sotto::quant::q8_0 {
namespace {

/// Nearest integer, halves away from zero. The addend is the float below one half: one half itself would carry 0.49999997 up to 1.
int8_t nearest_away(float value) noexcept {
  return static_cast<int8_t>(static_cast<int32_t>(value + std::copysign(0x1.fffffep-2f, value)));
}

}  // namespace

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d);
    for (size_t i = 0; i < kBlockSize; ++i) out[i] = static_cast<float>(block.qs[i]) * d;
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const float d = largest_magnitude(weights, kBlockSize) / 127.0f;
    const float inverse = reciprocal_or_zero(d);
    Block block;
    block.d = float_to_half(d);
    for (size_t i = 0; i < kBlockSize; ++i) block.qs[i] = nearest_away(clamp_code(weights[i] * inverse, -127.0f, 127.0f));
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q8_0
