#include "quant/q4_0.h"

#include "quant/block.h"
#include "quant/f16.h"

namespace sotto::quant::q4_0 {

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d);
    for (size_t i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((block.qs[i] & 15) - 8) * d;
      out[i + 16] = static_cast<float>((block.qs[i] >> 4) - 8) * d;
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const float d = signed_peak(weights, kBlockSize) / -8.0f;  // the peak takes the code -8, the longer side
    const float inverse = reciprocal_or_zero(d);
    const auto code = [&](size_t i) { return static_cast<int>(clamp_code(weights[i] * inverse + 8.5f, 0.0f, 15.0f)); };
    Block block;
    block.d = float_to_half(d);
    for (size_t i = 0; i < 16; ++i) block.qs[i] = static_cast<uint8_t>(code(i) | code(i + 16) << 4);
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q4_0
