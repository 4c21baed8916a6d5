#include "sotto/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace sotto {
namespace {

Error broken() {
  return {ErrorCode::bad_model, "broken", "here"};
}

Result<int> half(int x) {
  if (x % 2 != 0) return Error{ErrorCode::invalid_argument, "odd", std::to_string(x)};
  return x / 2;
}

Result<int> quarter(int x) {
  SOTTO_ASSIGN(const int first, half(x));
  SOTTO_ASSIGN(const int second, half(first));
  return second;
}

Status all_even(std::initializer_list<int> numbers) {
  for (const int x : numbers) SOTTO_TRY(half(x));
  return {};
}

TEST(Result, HoldsValueOrError) {
  const Result<int> value = 7;
  ASSERT_TRUE(value);
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(*value, 7);
  EXPECT_EQ(value.value_or(1), 7);

  const Result<int> error = broken();
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code, ErrorCode::bad_model);
  EXPECT_EQ(error.error().message, "broken");
  EXPECT_EQ(error.error().where, "here");
  EXPECT_EQ(error.value_or(1), 1);
}

TEST(Result, MovesMoveOnlyValues) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  ASSERT_TRUE(made);
  const std::unique_ptr<int> taken = std::move(*made);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, ConvertsImplicitly) {
  const Result<std::string> text = "literal";
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "literal");
  EXPECT_EQ(text->size(), 7u);
  const Result<std::shared_ptr<const int>> base = std::make_shared<int>(5);
  ASSERT_TRUE(base);
  EXPECT_EQ(**base, 5);
}

TEST(Status, IsOkByDefault) {
  EXPECT_TRUE(Status());
  const Status failed = broken();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().where, "here");
}

TEST(Macros, AssignGivesTheValueOrReturnsTheError) {
  const auto good = quarter(12);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 3);
  const auto first_step = quarter(7);
  ASSERT_FALSE(first_step);
  EXPECT_EQ(first_step.error().where, "7");
  const auto second_step = quarter(6);
  ASSERT_FALSE(second_step);
  EXPECT_EQ(second_step.error().where, "3");
}

TEST(Macros, TryReturnsTheFirstError) {
  EXPECT_TRUE(all_even({2, 4, 6}));
  const Status status = all_even({2, 5, 7});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().where, "5");
}

TEST(ErrorCode, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) names.insert(to_string(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorCode::internal) + 1);
  EXPECT_EQ(to_string(ErrorCode::bad_model), "bad_model");
  EXPECT_EQ(to_string(ErrorCode::deadline_exceeded), "deadline_exceeded");
  EXPECT_EQ(to_string(ErrorCode::internal), "internal");
}

}  // namespace
}  // namespace sotto
