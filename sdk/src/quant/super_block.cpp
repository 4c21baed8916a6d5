#include "quant/super_block.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/block.h"
#include "quant/f16.h"

namespace sotto::quant {
namespace {

constexpr int kRefinements = 3;  // rounds of solving the scales again; a fourth gains less than 0.05 %

/// Sum of term(0..n-1) in eight lanes of fixed order, so that it vectorizes without changing the result. n: a multiple of 8.
template <class Term>
float sum(size_t n, Term term) noexcept {
  float lane[8] = {};
  for (size_t i = 0; i < n; i += 8) {
    for (size_t l = 0; l < 8; ++l) lane[l] += term(i + l);
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

struct Group {
  const float* x;
  const float* importance;
  size_t n;
};

/// Large weights count more, as they move an output more; the floor keeps small ones from counting nothing.
void importance_of(const float* x, size_t n, float* importance) noexcept {
  const float rms = std::sqrt(sum(n, [&](size_t i) { return x[i] * x[i]; }) / static_cast<float>(n));
  for (size_t i = 0; i < n; ++i) importance[i] = rms + std::fabs(x[i]);
}

/// Calls f with the integer nearest to value / unit and with its two neighbours, as far as they lie in [low, high].
template <class F>
void for_each_near(float value, float unit, float low, float high, F f) noexcept {
  const float centre = round_code(clamp_code(value * reciprocal_or_zero(unit), low, high));
  for (float candidate = std::max(centre - 1, low); candidate <= std::min(centre + 1, high); ++candidate) f(candidate);
}

// ---- x ~ scale * q - minimum

struct Affine {
  float scale = 0, minimum = 0;
};

void affine_codes(const Group& group, Affine fit, int max_code, float* q) noexcept {
  const float inverse = reciprocal_or_zero(fit.scale), high = static_cast<float>(max_code);
  for (size_t i = 0; i < group.n; ++i) q[i] = round_code(clamp_code((group.x[i] + fit.minimum) * inverse, 0.0f, high));
}

float affine_error(const Group& group, Affine fit, const float* q) noexcept {
  return sum(group.n, [&](size_t i) {
    const float difference = group.x[i] - (fit.scale * q[i] - fit.minimum);
    return group.importance[i] * difference * difference;
  });
}

/// The normal equations of x ~ first * a - second * b, both factors kept non-negative.
struct AffineSums {
  float aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;

  Affine solve() const noexcept {
    const float determinant = aa * bb - ab * ab;
    if (!(determinant > 0)) return {aa > 0 ? std::max(xa / aa, 0.0f) : 0.0f, 0.0f};
    const float first = (xa * bb - xb * ab) / determinant, second = (xa * ab - xb * aa) / determinant;
    if (!(second > 0)) return {std::max(xa / aa, 0.0f), 0.0f};
    return {std::max(first, 0.0f), second};
  }
};

AffineSums affine_sums(const Group& group, const float* q) noexcept {
  const float *x = group.x, *w = group.importance;
  return {.aa = sum(group.n, [&](size_t i) { return w[i] * q[i] * q[i]; }),
          .ab = sum(group.n, [&](size_t i) { return w[i] * q[i]; }),
          .bb = sum(group.n, [&](size_t i) { return w[i]; }),
          .xa = sum(group.n, [&](size_t i) { return w[i] * x[i] * q[i]; }),
          .xb = sum(group.n, [&](size_t i) { return w[i] * x[i]; })};
}

/// Tries grids a little wider and narrower than the range, solves each by least squares, keeps the best.
Affine fit_group(const Group& group, int max_code) noexcept {
  const Range range = range_of(group.x, group.n);
  const float low = std::min(range.low, 0.0f), width = range.high - low;
  Affine best{width / static_cast<float>(max_code), -low};
  if (!(width > 0)) return {0.0f, -low};
  float q[32];
  affine_codes(group, best, max_code, q);
  float best_error = affine_error(group, best, q);
  const auto try_grid = [&](Affine grid) {
    affine_codes(group, grid, max_code, q);
    const Affine fit = affine_sums(group, q).solve();
    if (const float error = affine_error(group, fit, q); error < best_error) best = fit, best_error = error;
  };
  for (int step = -10; step <= 10; ++step) {
    try_grid({width / (static_cast<float>(max_code) + 0.1f * static_cast<float>(step)), -low});
  }
  for (int round = 0; round < kRefinements; ++round) try_grid(best);
  return best;
}

// ---- x ~ scale * q

void symmetric_codes(const Group& group, float inverse, int max_code, float* q) noexcept {
  const float high = static_cast<float>(max_code), low = -high - 1;
  for (size_t i = 0; i < group.n; ++i) q[i] = round_code(clamp_code(group.x[i] * inverse, low, high));
}

/// Tries grids that put the largest weight at or near either end of the codes; the best explains most of the sum of squares.
float fit_group_symmetric(const Group& group, int max_code) noexcept {
  const float peak = signed_peak(group.x, group.n);
  if (peak == 0) return 0;
  const float *x = group.x, *w = group.importance;
  float q[32], best = peak / -static_cast<float>(max_code + 1), best_explained = 0;
  const auto try_grid = [&](float inverse) {
    symmetric_codes(group, inverse, max_code, q);
    const float xq = sum(group.n, [&](size_t i) { return w[i] * x[i] * q[i]; });
    const float qq = sum(group.n, [&](size_t i) { return w[i] * q[i] * q[i]; });
    if (const float explained = xq * (xq / qq); explained > best_explained) best = xq / qq, best_explained = explained;
  };
  for (int step = -9; step <= 9; ++step) {
    const float stretch = 0.1f * static_cast<float>(step);
    try_grid((static_cast<float>(-max_code - 1) + stretch) / peak);
    try_grid((static_cast<float>(max_code) + stretch) / peak);
  }
  try_grid(1.0f / best);
  return best;
}

}  // namespace

AffineSuperBlock fit_affine(const float* weights, const AffineRanges& ranges) noexcept {
  AffineSuperBlock best;
  if (!std::isfinite(largest_magnitude(weights, kSuperBlock))) {
    best.d = float_to_half(NAN);
    return best;
  }
  const size_t n_groups = kSuperBlock / ranges.group_size;
  const float max_scale = static_cast<float>(ranges.max_scale);
  float importance[kSuperBlock];
  Group groups[16];
  Affine ideal[16], unit;
  for (size_t g = 0; g < n_groups; ++g) {
    const size_t at = g * ranges.group_size;
    groups[g] = {weights + at, importance + at, ranges.group_size};
    importance_of(weights + at, ranges.group_size, importance + at);
    ideal[g] = fit_group(groups[g], ranges.max_code);
    unit = {std::max(unit.scale, ideal[g].scale / max_scale), std::max(unit.minimum, ideal[g].minimum / max_scale)};
  }

  float best_error = std::numeric_limits<float>::infinity();
  for (int round = 0; round <= kRefinements; ++round) {
    AffineSuperBlock fit;
    fit.d = float_to_half(unit.scale);
    fit.dmin = float_to_half(unit.minimum);
    unit = {half_to_float(fit.d), half_to_float(fit.dmin)};
    float error = 0;
    AffineSums total;
    for (size_t g = 0; g < n_groups; ++g) {
      float group_error = std::numeric_limits<float>::infinity(), scale = 0, minimum = 0, q[32] = {}, trial[32];
      for_each_near(ideal[g].scale, unit.scale, 0, max_scale, [&](float s) {
        for_each_near(ideal[g].minimum, unit.minimum, 0, max_scale, [&](float m) {
          const Affine grid{unit.scale * s, unit.minimum * m};
          affine_codes(groups[g], grid, ranges.max_code, trial);
          const float e = affine_error(groups[g], grid, trial);
          if (e < group_error) group_error = e, scale = s, minimum = m, std::copy_n(trial, ranges.group_size, q);
        });
      });
      error += group_error;
      const AffineSums sums = affine_sums(groups[g], q);
      total.aa += sums.aa * scale * scale;
      total.ab += sums.ab * scale * minimum;
      total.bb += sums.bb * minimum * minimum;
      total.xa += sums.xa * scale;
      total.xb += sums.xb * minimum;
      fit.scale[g] = static_cast<uint8_t>(scale);
      fit.minimum[g] = static_cast<uint8_t>(minimum);
      for (size_t i = 0; i < ranges.group_size; ++i) fit.code[g * ranges.group_size + i] = static_cast<uint8_t>(q[i]);
    }
    if (round == 0 || error < best_error) best = fit, best_error = error;
    unit = total.solve();
  }
  return best;
}

SymmetricSuperBlock fit_symmetric(const float* weights, const SymmetricRanges& ranges) noexcept {
  constexpr size_t kGroup = 16, kGroups = kSuperBlock / kGroup;
  SymmetricSuperBlock best;
  if (!std::isfinite(largest_magnitude(weights, kSuperBlock))) {
    best.d = float_to_half(NAN);
    return best;
  }
  const float high = static_cast<float>(ranges.max_scale), low = -high - 1;
  float importance[kSuperBlock], ideal[kGroups];
  Group groups[kGroups];
  for (size_t g = 0; g < kGroups; ++g) {
    groups[g] = {weights + g * kGroup, importance + g * kGroup, kGroup};
    importance_of(groups[g].x, kGroup, importance + g * kGroup);
    ideal[g] = fit_group_symmetric(groups[g], ranges.max_code);
  }

  float unit = signed_peak(ideal, kGroups) / low, best_error = std::numeric_limits<float>::infinity();
  for (int round = 0; round <= kRefinements; ++round) {
    SymmetricSuperBlock fit;
    fit.d = float_to_half(unit);
    unit = half_to_float(fit.d);
    float error = 0, xa = 0, aa = 0;
    for (size_t g = 0; g < kGroups; ++g) {
      const float *x = groups[g].x, *w = groups[g].importance;
      float group_error = std::numeric_limits<float>::infinity(), scale = 0, q[kGroup] = {}, trial[kGroup];
      for_each_near(ideal[g], unit, low, high, [&](float s) {
        symmetric_codes(groups[g], reciprocal_or_zero(unit * s), ranges.max_code, trial);
        const float e = affine_error(groups[g], {unit * s, 0}, trial);
        if (e < group_error) group_error = e, scale = s, std::copy_n(trial, kGroup, q);
      });
      error += group_error;
      xa += scale * sum(kGroup, [&](size_t i) { return w[i] * x[i] * q[i]; });
      aa += scale * scale * sum(kGroup, [&](size_t i) { return w[i] * q[i] * q[i]; });
      fit.scale[g] = static_cast<int8_t>(scale);
      for (size_t i = 0; i < kGroup; ++i) fit.code[g * kGroup + i] = static_cast<int8_t>(q[i]);
    }
    if (round == 0 || error < best_error) best = fit, best_error = error;
    unit = aa > 0 ? xa / aa : unit;
  }
  return best;
}

}  // namespace sotto::quant
