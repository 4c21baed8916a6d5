// TraceRecorder and TraceSpan: nested, named spans of time, recorded by the caller's recorder or not at all.
// A null recorder costs one branch. Names must be string literals (they are kept by pointer).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sotto {

class TraceRecorder {
 public:
  struct Event {
    const char* name;
    int64_t index;      // layer, step or part number; -1: none
    uint64_t start_ns;  // since the recorder was made
    uint64_t duration_ns;
    uint32_t thread;  // small number, in order of first use
    uint32_t depth;   // nesting on its thread, 0 = outermost
  };

  /// Keeps the last `max_events`; those before are counted in dropped().
  explicit TraceRecorder(size_t max_events = 1u << 20);
  ~TraceRecorder();

  std::vector<Event> events() const;  // in order of their end
  size_t dropped() const noexcept;
  std::string chrome_json() const;  // the Trace Event Format: an object with "traceEvents", complete events, microseconds

 private:
  friend class TraceSpan;
  struct State;
  std::unique_ptr<State> state_;
};

/// Records from construction to destruction.
class TraceSpan {
 public:
  TraceSpan(TraceRecorder* recorder, const char* name, int64_t index = -1) noexcept : recorder_(recorder) {
    if (recorder_) begin(name, index);
  }
  ~TraceSpan() {
    if (recorder_) end();
  }
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;

 private:
  void begin(const char* name, int64_t index) noexcept;
  void end() noexcept;

  TraceRecorder* recorder_;
  const char* name_ = nullptr;
  int64_t index_ = -1;
  uint64_t start_ns_ = 0;
};

}  // namespace sotto
