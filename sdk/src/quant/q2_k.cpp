#include "quant/q2_k.h"

#include "quant/block.h"
#include "quant/f16.h"
#include "quant/super_block.h"

namespace sotto::quant::q2_k {
namespace {

size_t byte_of(size_t i) noexcept {
  return 32 * (i / 128) + i % 32;
}
size_t shift_of(size_t i) noexcept {
  return 2 * (i / 32 % 4);
}

}  // namespace

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d), dmin = half_to_float(block.dmin);
    for (size_t g = 0; g < 16; ++g) {
      const float scale = d * static_cast<float>(block.scales[g] & 15);
      const float minimum = dmin * static_cast<float>(block.scales[g] >> 4);
      for (size_t i = 16 * g; i < 16 * g + 16; ++i) {
        out[i] = scale * static_cast<float>(block.qs[byte_of(i)] >> shift_of(i) & 3) - minimum;
      }
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const AffineSuperBlock fit = fit_affine(weights, {.group_size = 16, .max_code = 3, .max_scale = 15});
    Block block{};
    block.d = fit.d;
    block.dmin = fit.dmin;
    for (size_t g = 0; g < 16; ++g) block.scales[g] = static_cast<uint8_t>(fit.scale[g] | fit.minimum[g] << 4);
    for (size_t i = 0; i < kBlockSize; ++i) block.qs[byte_of(i)] |= static_cast<uint8_t>(fit.code[i] << shift_of(i));
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q2_k
