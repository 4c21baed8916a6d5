#include "sotto/cancel.h"

#include <gtest/gtest.h>

#include <thread>

namespace sotto {
namespace {

TEST(CancelToken, DefaultIsNeverCancelled) {
  EXPECT_FALSE(CancelToken().cancelled());
}

TEST(CancelToken, SeesItsSourceOnly) {
  CancelSource source, other;
  const CancelToken token = source.token(), copy = token;
  other.cancel();
  EXPECT_FALSE(token.cancelled());
  source.cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_TRUE(copy.cancelled());
  EXPECT_TRUE(source.token().cancelled());
}

TEST(CancelToken, OutlivesItsSource) {
  CancelToken token;
  {
    CancelSource source;
    token = source.token();
    source.cancel();
  }
  EXPECT_TRUE(token.cancelled());
}

TEST(CancelToken, IsSeenByAnotherThread) {
  CancelSource source;
  std::thread waiting([token = source.token()] {
    while (!token.cancelled()) std::this_thread::yield();
  });
  source.cancel();
  waiting.join();
}

TEST(CancelToken, FlagIsFitForSignalHandlers) {
  EXPECT_TRUE(std::atomic<uint32_t>::is_always_lock_free);
}

TEST(Deadline, NeverAndPassed) {
  EXPECT_FALSE(Deadline::never().is_set());
  EXPECT_FALSE(Deadline::never().passed());
  EXPECT_TRUE(Deadline::in(std::chrono::nanoseconds(0)).passed());
  EXPECT_TRUE(Deadline::in(std::chrono::nanoseconds(-5)).passed());
  const Deadline later = Deadline::in(std::chrono::hours(1));
  EXPECT_TRUE(later.is_set());
  EXPECT_FALSE(later.passed());
}

TEST(Deadline, TheLargestDelayIsNotInThePast) {
  EXPECT_FALSE(Deadline::in(std::chrono::nanoseconds::max()).passed());
}

TEST(RunControl, SaysWhyItStops) {
  RunControl control;
  EXPECT_FALSE(control.stop_requested());
  EXPECT_TRUE(control.check());

  control.deadline = Deadline::in(std::chrono::nanoseconds(0));
  EXPECT_TRUE(control.stop_requested());
  EXPECT_EQ(control.check().error().code, ErrorCode::deadline_exceeded);

  CancelSource source;
  control.cancel = source.token();
  source.cancel();
  EXPECT_EQ(control.check().error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace sotto
