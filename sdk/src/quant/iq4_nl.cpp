#include "quant/iq4_nl.h"

#include "quant/block.h"
#include "quant/f16.h"

namespace sotto::quant::iq4_nl {
namespace {

/// The code whose value is nearest: how many of the fifteen midpoints between values lie below.
int nearest_code(float value) noexcept {
  int code = 0;
  for (size_t k = 0; k + 1 < 16; ++k) code += value > 0.5f * static_cast<float>(kCodebook[k] + kCodebook[k + 1]);
  return code;
}

/// Tries grids that put the largest weight at or near either end of the codebook, solves each by least squares, keeps the best.
float fit_scale(const float* x) noexcept {
  const float peak = signed_peak(x, kBlockSize);
  if (peak == 0 || !std::isfinite(peak)) return peak;
  float best = peak / kCodebook[0], best_explained = 0;
  const auto try_grid = [&](float inverse) {
    float xv = 0, vv = 0;
    for (size_t i = 0; i < kBlockSize; ++i) {
      const float value = kCodebook[nearest_code(x[i] * inverse)], importance = x[i] * x[i];
      xv += importance * x[i] * value;
      vv += importance * value * value;
    }
    if (const float explained = xv * (xv / vv); explained > best_explained) best = xv / vv, best_explained = explained;
  };
  for (int step = -7; step <= 7; ++step) {
    try_grid(static_cast<float>(kCodebook[0] + step) / peak);
    try_grid(static_cast<float>(kCodebook[15] + step) / peak);
  }
  return best;
}

}  // namespace

void decode(const std::byte* blocks, size_t n_weights, float* out) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, out += kBlockSize) {
    const Block block = load_block<Block>(blocks, b);
    const float d = half_to_float(block.d);
    for (size_t i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(kCodebook[block.qs[i] & 15]);
      out[i + 16] = d * static_cast<float>(kCodebook[block.qs[i] >> 4]);
    }
  }
}

void encode(const float* weights, size_t n_weights, std::byte* blocks) {
  for (size_t b = 0; b < n_weights / kBlockSize; ++b, weights += kBlockSize) {
    Block block;
    block.d = float_to_half(fit_scale(weights));
    const float inverse = reciprocal_or_zero(half_to_float(block.d));
    const auto code = [&](size_t i) { return nearest_code(weights[i] * inverse); };
    for (size_t i = 0; i < 16; ++i) block.qs[i] = static_cast<uint8_t>(code(i) | code(i + 16) << 4);
    store_block(block, blocks, b);
  }
}

}  // namespace sotto::quant::iq4_nl
