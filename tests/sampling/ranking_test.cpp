#include "sampling/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sampling_test.h"

namespace sotto::sampling {
namespace {

std::vector<uint32_t> ranked(const std::vector<float>& logits, size_t k) {
  std::vector<Ranked> room(ranking_room(k));
  std::vector<uint32_t> indices;
  for (const Ranked& entry : rank_best(best_kernels(), logits, k, room)) {
    EXPECT_EQ(entry.logit, logits[entry.index]);
    indices.push_back(entry.index);
  }
  return indices;
}

/// The same by sorting everything.
std::vector<uint32_t> sorted(const std::vector<float>& logits, size_t k) {
  std::vector<uint32_t> indices(logits.size());
  std::iota(indices.begin(), indices.end(), 0u);
  std::sort(indices.begin(), indices.end(),
            [&](uint32_t a, uint32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  indices.resize(std::min(k, indices.size()));
  return indices;
}

TEST(ranking, is_what_sorting_gives) {
  for (const size_t n : {1u, 2u, 255u, 256u, 257u, 1000u, 20000u}) {
    auto logits = random_logits(n);
    auto coarse = logits;  // many equal ones
    for (float& logit : coarse) logit = std::round(logit);
    auto rising = logits;  // each block has better ones
    std::sort(rising.begin(), rising.end());
    for (const auto& values : {logits, coarse, rising, std::vector<float>(n, -2.0f)}) {
      for (const size_t k : {1u, 2u, 40u, 300u, 20000u}) EXPECT_EQ(ranked(values, k), sorted(values, k)) << n << " " << k;
    }
  }
}

TEST(ranking, leaves_out_what_is_no_number) {
  EXPECT_EQ(ranked({kNan, 1, -kInfinity, 3, kNan, 2}, 5), (std::vector<uint32_t>{3, 5, 1}));
  EXPECT_TRUE(ranked(std::vector<float>(1000, kNan), 3).empty());
  EXPECT_TRUE(ranked(std::vector<float>(1000, -kInfinity), 3).empty());
  EXPECT_TRUE(ranked({1, 2}, 0).empty());
  EXPECT_TRUE(ranked({}, 3).empty());
}

}  // namespace
}  // namespace sotto::sampling
