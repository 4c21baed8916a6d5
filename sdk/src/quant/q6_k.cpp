#include "quant/q6_k.h"

#include <algorithm>

#include "quant/block.h"
#include "quant/f16.h"
#include "quant/super_block.h"

namespace sotto::quant::q6_k {
namespace {

size_t low_byte(size_t i) noexcept {
  return 64 * (i / 128) + i % 64;
}
size_t low_shift(size_t i) noexcept {
  return 4 * (i / 64 % 2);
}
size_t high_byte(size_t i) noexcept {
  return 32 * (i / 128) + i % 32;
}
size_t high_shift(size_t i) noexcept {
  return 2 * (i / 32 % 4);
}

}  // namespace

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d);
    for (size_t g = 0; g < 16; ++g) {
      const float scale = d * static_cast<float>(block.scales[g]);
      for (size_t i = 16 * g; i < 16 * g + 16; ++i) {
        const int low = block.ql[low_byte(i)] >> low_shift(i) & 15, high = block.qh[high_byte(i)] >> high_shift(i) & 3;
        out[i] = scale * static_cast<float>((low | high << 4) - 32);
      }
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const SymmetricSuperBlock fit = fit_symmetric(weights, {.max_code = 31, .max_scale = 127});
    Block block{};
    block.d = fit.d;
    std::copy_n(fit.scale.begin(), 16, block.scales);
    for (size_t i = 0; i < kBlockSize; ++i) {
      const int code = fit.code[i] + 32;
      block.ql[low_byte(i)] |= static_cast<uint8_t>((code & 15) << low_shift(i));
      block.qh[high_byte(i)] |= static_cast<uint8_t>((code >> 4) << high_shift(i));
    }
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q6_k
