#include "quant/q3_k.h"

#include "quant/block.h"
#include "quant/f16.h"
#include "quant/super_block.h"

namespace sotto::quant::q3_k {
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
    const float d = half_to_float(block.d);
    const std::array<int8_t, 16> scales = unpack_scales(block.scales);
    for (size_t g = 0; g < 16; ++g) {
      const float scale = d * static_cast<float>(scales[g]);
      for (size_t i = 16 * g; i < 16 * g + 16; ++i) {
        const int low = block.qs[byte_of(i)] >> shift_of(i) & 3, high = block.hmask[i % 32] >> (i / 32) & 1;
        out[i] = scale * static_cast<float>((low | high << 2) - 4);
      }
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const SymmetricSuperBlock fit = fit_symmetric(weights, {.max_code = 3, .max_scale = 31});
    Block block{};
    block.d = fit.d;
    for (size_t g = 0; g < 16; ++g) {
      const int scale = fit.scale[g] + 32;
      block.scales[g % 8] |= static_cast<uint8_t>((scale & 15) << (4 * (g / 8)));
      block.scales[8 + g % 4] |= static_cast<uint8_t>((scale >> 4) << (2 * (g / 4)));
    }
    for (size_t i = 0; i < kBlockSize; ++i) {
      const int code = fit.code[i] + 4;
      block.qs[byte_of(i)] |= static_cast<uint8_t>((code & 3) << shift_of(i));
      block.hmask[i % 32] |= static_cast<uint8_t>((code >> 2) << (i / 32));
    }
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q3_k
