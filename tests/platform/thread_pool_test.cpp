#include "thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace sotto {
namespace {

class ThreadPoolTest : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, testing::Values(1, 2, 3, 8));

TEST_P(ThreadPoolTest, RunCallsEachThreadOnce) {
  ThreadPool pool(GetParam());
  ASSERT_EQ(pool.size(), GetParam());
  for (int round = 0; round < 200; ++round) {
    std::vector<int> calls(pool.size(), 0);  // plain: the thread sanitizer sees a missing barrier
    pool.run([&](size_t thread) { ++calls[thread]; });
    EXPECT_EQ(calls, std::vector<int>(pool.size(), 1));
    if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough for the workers to sleep
    if (round % 7 == 0) pool.park();
  }
}

TEST_P(ThreadPoolTest, RunIsConcurrentOnDistinctThreads) {
  ThreadPool pool(GetParam());
  std::vector<std::thread::id> ids(pool.size());
  std::atomic<size_t> arrived = 0;
  pool.run([&](size_t thread) {
    ids[thread] = std::this_thread::get_id();
    ++arrived;
    while (arrived != pool.size()) std::this_thread::yield();  // ends only when all are inside at the same time
  });
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), pool.size());
  EXPECT_EQ(ids[0], std::this_thread::get_id());
}

TEST_P(ThreadPoolTest, ParallelForCoversEveryItemOnce) {
  ThreadPool pool(GetParam());
  for (const size_t n : {0, 1, 2, 7, 8, 9, 16, 63, 64, 65, 100, 1000, 4097}) {
    for (const size_t grain : {0, 1, 2, 3, 16, 64, 5000}) {
      std::vector<int> items(n, 0);
      std::atomic<int> faults = 0;
      pool.parallel_for(n, grain, [&](size_t begin, size_t end, size_t thread) {
        if (begin >= end || end > n || thread >= pool.size()) ++faults;
        if (grain > 1 && begin % grain != 0) ++faults;
        if (grain > 1 && end != n && end % grain != 0) ++faults;
        for (size_t i = begin; i < end; ++i) ++items[i];
      });
      EXPECT_EQ(faults, 0) << n << " by " << grain;
      EXPECT_EQ(items, std::vector<int>(n, 1)) << n << " by " << grain;
    }
  }
}

TEST_P(ThreadPoolTest, ThreadIndicesOfParallelForAreNeverShared) {
  ThreadPool pool(GetParam());
  std::vector<size_t> scratch(pool.size(), 0);  // plain, indexed by thread, as kernels use it
  for (int round = 0; round < 300; ++round)
    pool.parallel_for(100, 1, [&](size_t begin, size_t end, size_t thread) { scratch[thread] += end - begin; });
  EXPECT_EQ(std::accumulate(scratch.begin(), scratch.end(), size_t{0}), 300u * 100u);
}

TEST_P(ThreadPoolTest, ALateThreadsShareIsTakenOver) {
  ThreadPool pool(GetParam());
  size_t done = 0;
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<size_t> others = 0;
  for (int round = 0; round < 20; ++round) {
    pool.park();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pool.parallel_for(64, 1, [&](size_t begin, size_t end, size_t) {
      if (std::this_thread::get_id() == caller)
        done += end - begin;
      else
        others += end - begin;
    });
  }
  EXPECT_EQ(done + others, 20u * 64u);
}

TEST_P(ThreadPoolTest, ManyTinyRunsEnd) {
  ThreadPool pool(GetParam());
  const size_t rounds = pool.size() > 3 ? 20000 : 100000;  // more threads than cores: every round is a context switch
  std::vector<size_t> calls(pool.size() * 16, 0);
  for (size_t round = 0; round < rounds; ++round) pool.run([&](size_t thread) { ++calls[thread * 16]; });
  for (size_t thread = 0; thread < pool.size(); ++thread) EXPECT_EQ(calls[thread * 16], rounds);
}

TEST_P(ThreadPoolTest, MixedRegionsEnd) {
  ThreadPool pool(GetParam());
  size_t items = 0;
  for (size_t round = 0; round < 20000; ++round) {
    std::atomic<size_t> sum = 0;
    if (round % 3 == 0)
      pool.run([&](size_t) { ++sum; });
    else
      pool.parallel_for(pool.size(), 1, [&](size_t begin, size_t end, size_t) { sum += end - begin; });
    items += sum;
  }
  EXPECT_EQ(items, 20000 * pool.size());
}

TEST_P(ThreadPoolTest, CallersTakeTurns) {
  ThreadPool pool(GetParam());
  size_t inside = 0, overlaps = 0, total = 0;  // plain: the pool itself must order the two callers
  const auto caller = [&] {
    for (int round = 0; round < 500; ++round) {
      pool.run([&](size_t thread) {
        if (thread != 0) return;
        overlaps += inside++ != 0;
        ++total;
        --inside;
      });
    }
  };
  std::thread second(caller);
  caller();
  second.join();
  EXPECT_EQ(overlaps, 0u);
  EXPECT_EQ(total, 1000u);
}

TEST(ThreadPool, StartsAndStopsManyTimes) {
  for (int round = 0; round < 100; ++round) {
    ThreadPool pool(3);
    if (round % 2 == 0) pool.run([](size_t) {});
  }
}

TEST(ThreadPool, DefaultThreads) {
  EXPECT_GE(ThreadPool::default_threads(), 1u);
  EXPECT_LE(ThreadPool::default_threads(), 8u);
  EXPECT_LE(ThreadPool::default_threads(), std::max(std::thread::hardware_concurrency(), 1u));
  EXPECT_EQ(ThreadPool(0).size(), ThreadPool::default_threads());
}

}  // namespace
}  // namespace sotto
