#include "sampling/ranking.h"

#include <algorithm>
#include <limits>

namespace sotto::sampling {
namespace {

// A total order: the same answer from every standard library.
bool better(const Ranked& a, const Ranked& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.index < b.index;
}

}  // namespace

std::span<Ranked> rank_best(const kernels::KernelTable& kernels, std::span<const float> logits, size_t k, std::span<Ranked> room) {
  if (k == 0) return {};
  size_t n = 0;
  float floor = -std::numeric_limits<float>::infinity();  // what does not exceed it is not among the best
  for (size_t start = 0; start < logits.size(); start += kRankingBlock) {
    const size_t end = std::min(start + kRankingBlock, logits.size());
    if (!(kernels.max(logits.data() + start, end - start) > floor)) continue;
    for (size_t i = start; i < end; ++i) {
      if (logits[i] > floor) room[n++] = {logits[i], static_cast<uint32_t>(i)};
    }
    if (n > 2 * k) {
      std::nth_element(room.begin(), room.begin() + (k - 1), room.begin() + n, better);
      n = k;
      floor = room[k - 1].logit;  // an equal one comes later and so ranks lower
    }
  }
  const auto best = room.first(n);
  std::sort(best.begin(), best.end(), better);
  return best.first(std::min(n, k));
}

}  // namespace sotto::sampling
