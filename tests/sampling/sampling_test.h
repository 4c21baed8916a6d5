// What the tests of sampling share: the machine's best kernels, and logits made by rule.
#pragma once

#include <limits>
#include <vector>

#include "cpu_features.h"
#include "kernels/dispatch.h"
#include "sampling/random.h"

namespace sotto::sampling {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

inline const kernels::KernelTable& best_kernels() {
  return kernels::best_table(cpu_features());
}

/// Bell-shaped, as a model's logits are: about `spread` around 0.
inline std::vector<float> random_logits(size_t n, float spread = 3, uint64_t seed = 1) {
  Random random(seed);
  std::vector<float> logits(n);
  for (float& logit : logits) {
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<float>(random.next() >> 40) * 0x1p-24f;
    logit = spread * sum;
  }
  return logits;
}

}  // namespace sotto::sampling
