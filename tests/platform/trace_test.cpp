#include "sotto/trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace sotto {
namespace {

TEST(Trace, SpansNest) {
  TraceRecorder recorder;
  {
    const TraceSpan step(&recorder, "step", 3);
    for (int layer = 0; layer < 2; ++layer) {
      const TraceSpan span(&recorder, "layer", layer);
      const TraceSpan inner(&recorder, "attention");
    }
  }
  const auto events = recorder.events();
  ASSERT_EQ(events.size(), 5u);
  const auto is = [&](size_t i, const char* name, int64_t index, uint32_t depth) {
    EXPECT_STREQ(events[i].name, name);
    EXPECT_EQ(events[i].index, index);
    EXPECT_EQ(events[i].depth, depth);
    EXPECT_EQ(events[i].thread, 0u);
  };
  is(0, "attention", -1, 2);
  is(1, "layer", 0, 1);
  is(2, "attention", -1, 2);
  is(3, "layer", 1, 1);
  is(4, "step", 3, 0);
  for (const size_t child : {0u, 1u, 2u, 3u}) {
    EXPECT_GE(events[child].start_ns, events[4].start_ns);
    EXPECT_LE(events[child].start_ns + events[child].duration_ns, events[4].start_ns + events[4].duration_ns);
  }
}

TEST(Trace, KeepsTheLastAndCountsTheRest) {
  TraceRecorder recorder(3);
  for (int i = 0; i < 10; ++i) const TraceSpan span(&recorder, "span", i);
  EXPECT_EQ(recorder.events().size(), 3u);
  EXPECT_EQ(recorder.events().front().index, 7);
  EXPECT_EQ(recorder.events().back().index, 9);
  EXPECT_EQ(recorder.dropped(), 7u);
}

TEST(Trace, DepthIsPerThreadAndPerRecorder) {
  TraceRecorder one, two;
  {
    const TraceSpan outer(&one, "outer");
    const TraceSpan other(&two, "other");
    std::thread([&] { const TraceSpan inner(&one, "elsewhere"); }).join();
  }
  EXPECT_EQ(one.events()[0].depth, 0u);
  EXPECT_EQ(one.events()[0].thread, 1u);
  EXPECT_EQ(one.events()[1].thread, 0u);
  EXPECT_EQ(two.events()[0].depth, 0u);
}

TEST(Trace, ThreadsRecordTogether) {
  TraceRecorder recorder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const TraceSpan outer(&recorder, "outer", i);
        const TraceSpan inner(&recorder, "inner", i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<uint32_t, int> per_thread;
  for (const auto& event : recorder.events()) {
    ++per_thread[event.thread];
    EXPECT_EQ(event.depth, std::string_view(event.name) == "inner" ? 1u : 0u);
  }
  int total = 0;
  for (const auto& [thread, count] : per_thread) total += count;
  EXPECT_EQ(total, 4000);
  EXPECT_LE(per_thread.size(), 4u);
}

TEST(Trace, ChromeJsonIsWhatWasRecorded) {
  TraceRecorder recorder(2);
  {
    const TraceSpan span(&recorder, "dropped");
  }
  {
    const TraceSpan span(&recorder, "quote\" back\\slash\ttab", 7);
  }
  {
    const TraceSpan span(&recorder, "plain");
  }
  const auto json = nlohmann::json::parse(recorder.chrome_json());
  const auto events = recorder.events();
  ASSERT_EQ(json["traceEvents"].size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    const auto& event = json["traceEvents"][i];
    EXPECT_EQ(event["name"], events[i].name);
    EXPECT_EQ(event["ph"], "X");
    EXPECT_EQ(event["tid"], events[i].thread);
    EXPECT_TRUE(event.contains("pid"));
    EXPECT_NEAR(event["ts"].get<double>() * 1000, static_cast<double>(events[i].start_ns), 0.5);
    EXPECT_NEAR(event["dur"].get<double>() * 1000, static_cast<double>(events[i].duration_ns), 0.5);
  }
  EXPECT_EQ(json["traceEvents"][0]["args"]["index"], 7);
  EXPECT_FALSE(json["traceEvents"][1].contains("args"));
  EXPECT_EQ(json["otherData"]["dropped"], 1);
}

TEST(Trace, AnEmptyTraceIsValidJson) {
  EXPECT_TRUE(nlohmann::json::parse(TraceRecorder().chrome_json())["traceEvents"].empty());
}

}  // namespace
}  // namespace sotto
