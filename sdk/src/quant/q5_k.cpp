#include "quant/q5_k.h"

#include <algorithm>

#include "quant/block.h"
#include "quant/f16.h"
#include "quant/super_block.h"

namespace sotto::quant::q5_k {
namespace {

size_t byte_of(size_t i) noexcept {
  return 32 * (i / 64) + i % 32;
}
size_t shift_of(size_t i) noexcept {
  return 4 * (i / 32 % 2);
}

}  // namespace

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d), dmin = half_to_float(block.dmin);
    const GroupScales group = unpack(block.scales);
    for (size_t g = 0; g < 8; ++g) {
      const float scale = d * static_cast<float>(group.scale[g]), minimum = dmin * static_cast<float>(group.minimum[g]);
      for (size_t i = 32 * g; i < 32 * g + 32; ++i) {
        const int low = block.qs[byte_of(i)] >> shift_of(i) & 15, high = block.qh[i % 32] >> g & 1;
        out[i] = scale * static_cast<float>(low | high << 4) - minimum;
      }
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    const AffineSuperBlock fit = fit_affine(weights, {.group_size = 32, .max_code = 31, .max_scale = 63});
    GroupScales group;
    std::copy_n(fit.scale.begin(), 8, group.scale);
    std::copy_n(fit.minimum.begin(), 8, group.minimum);
    Block block{};
    block.d = fit.d;
    block.dmin = fit.dmin;
    block.scales = pack(group);
    for (size_t i = 0; i < kBlockSize; ++i) {
      block.qs[byte_of(i)] |= static_cast<uint8_t>((fit.code[i] & 15) << shift_of(i));
      block.qh[i % 32] |= static_cast<uint8_t>((fit.code[i] >> 4) << (i / 32));
    }
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::q5_k
