#include "quant/q5_0.h"

#include "quant/block.h"
#include "quant/f16.h"

namespace sotto::quant::q5_0 {

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d);
    const auto high = [&](size_t i) { return static_cast<int>(block.qh >> i & 1) << 4; };
    for (size_t i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(((block.qs[i] & 15) | high(i)) - 16) * d;
      out[i + 16] = static_cast<float>(((block.qs[i] >> 4) | high(i + 16)) - 16) * d;
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const float d = signed_peak(weights, kBlockSize) / -16.0f;  // the peak takes the code -16, the longer side
    const float inverse = reciprocal_or_zero(d);
    const auto code = [&](size_t i) { return static_cast<uint32_t>(clamp_code(weights[i] * inverse + 16.5f, 0.0f, 31.0f)); };
    Block block;
    block.d = float_to_half(d);
    uint32_t high = 0;
    for (size_t i = 0; i < 16; ++i) {
      const uint32_t first = code(i), second = code(i + 16);
      block.qs[i] = static_cast<uint8_t>((first & 15) | (second & 15) << 4);
      high |= (first >> 4) << i | (second >> 4) << (i + 16);
    }
    block.qh = high;
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q5_0
