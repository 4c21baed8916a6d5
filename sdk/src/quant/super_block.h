// Fitting of super-blocks: 256 weights in groups of 16 or 32, each group with a small integer scale, the block with half scales.
// A super-block is fitted as one weighted least-squares problem: best scale per group, integer scales against the rounded half,
// half scales solved again for the chosen codes. The K types differ in code ranges and in how the result is laid into bits.
// A block with a non-finite weight gets d = NaN and codes of zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sotto::quant {

inline constexpr size_t kSuperBlock = 256;

/// weight[i] = d * scale[g] * code[i] - dmin * minimum[g], g = i / group_size
struct AffineSuperBlock {
  uint16_t d = 0, dmin = 0;  // half
  std::array<uint8_t, 16> scale{}, minimum{};
  std::array<uint8_t, kSuperBlock> code{};
};
struct AffineRanges {
  size_t group_size;
  int max_code, max_scale;
};
AffineSuperBlock fit_affine(const float* weights, const AffineRanges& ranges) noexcept;

/// weight[i] = d * scale[g] * code[i], g = i / 16
struct SymmetricSuperBlock {
  uint16_t d = 0;  // half
  std::array<int8_t, 16> scale{};
  std::array<int8_t, kSuperBlock> code{};
};
struct SymmetricRanges {
  int max_code, max_scale;  // codes in [-max_code - 1, max_code], scales likewise
};
SymmetricSuperBlock fit_symmetric(const float* weights, const SymmetricRanges& ranges) noexcept;

}  // namespace sotto::quant
