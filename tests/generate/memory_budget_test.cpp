#include "generate/memory_budget.h"

#include <gtest/gtest.h>

namespace sotto::generate {
namespace {

TEST(MemoryBudget, ReservationsGiveTheirBytesBack) {
  MemoryBudget budget(100);
  {
    auto first = budget.reserve(60, "a model");
    ASSERT_TRUE(first);
    MemoryBudget::Reservation moved = std::move(*first);
    EXPECT_EQ(budget.used_bytes(), 60u);
    EXPECT_TRUE(budget.reserve(40, "a session"));
    EXPECT_EQ(budget.used_bytes(), 60u);
    MemoryBudget::Reservation other;
    other = std::move(moved);
    EXPECT_EQ(budget.used_bytes(), 60u);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(MemoryBudget, WhatIsOverTheLimitIsRefusedWithBothNumbers) {
  MemoryBudget budget(100);
  const auto held = budget.reserve(60, "a model");
  const auto refused = budget.reserve(41, "a session");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::out_of_memory);
  EXPECT_EQ(refused.error().message, "a session needs 41 bytes, but 60 of the engine's limit of 100 are in use");
  EXPECT_FALSE(budget.reserve(~uint64_t{0}, "a session"));
  EXPECT_EQ(budget.used_bytes(), 60u);
}

TEST(MemoryBudget, ZeroIsNoLimit) {
  MemoryBudget budget(0);
  EXPECT_TRUE(budget.reserve(uint64_t{1} << 60, "a model"));
}

}  // namespace
}  // namespace sotto::generate
