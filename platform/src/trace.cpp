#include "sotto/trace.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace sotto {
namespace {

void append_json_string(std::string& out, const char* text) {
  out += '"';
  for (; *text; ++text) {
    const auto c = static_cast<unsigned char>(*text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += *text;
    } else if (c < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", c);
      out += escaped;
    } else {
      out += *text;
    }
  }
  out += '"';
}

}  // namespace

struct TraceRecorder::State {
  struct Thread {
    uint32_t number;
    uint32_t depth = 0;
  };

  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  const size_t max_events;
  mutable std::mutex mutex;
  std::vector<Event> events;  // a ring once it is full
  size_t oldest = 0;
  size_t n_dropped = 0;
  std::unordered_map<std::thread::id, Thread> threads;

  explicit State(size_t max) : max_events(max) {}

  uint64_t now_ns() const {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  }

  void add(const Event& event) {
    if (events.size() < max_events) return events.push_back(event);
    ++n_dropped;
    if (max_events == 0) return;
    events[oldest] = event;
    oldest = (oldest + 1) % max_events;
  }

  std::vector<Event> in_order() const {
    std::vector<Event> sorted(events);
    std::rotate(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(oldest), sorted.end());
    return sorted;
  }

  Thread& this_thread() {
    return threads.try_emplace(std::this_thread::get_id(), Thread{static_cast<uint32_t>(threads.size())}).first->second;
  }
};

TraceRecorder::TraceRecorder(size_t max_events) : state_(std::make_unique<State>(max_events)) {}
TraceRecorder::~TraceRecorder() = default;

std::vector<TraceRecorder::Event> TraceRecorder::events() const {
  const std::lock_guard lock(state_->mutex);
  return state_->in_order();
}

size_t TraceRecorder::dropped() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->n_dropped;
}

std::string TraceRecorder::chrome_json() const {
  const std::lock_guard lock(state_->mutex);
  std::string out = "{\"traceEvents\":[";
  const char* separator = "\n";
  for (const Event& event : state_->in_order()) {
    out += separator;
    separator = ",\n";
    out += "{\"name\":";
    append_json_string(out, event.name);
    char numbers[160];
    std::snprintf(numbers, sizeof(numbers),
                  ",\"ph\":\"X\",\"pid\":1,\"tid\":%" PRIu32 ",\"ts\":%" PRIu64 ".%03u,\"dur\":%" PRIu64 ".%03u", event.thread,
                  event.start_ns / 1000, static_cast<unsigned>(event.start_ns % 1000), event.duration_ns / 1000,
                  static_cast<unsigned>(event.duration_ns % 1000));
    out += numbers;
    if (event.index >= 0) {
      std::snprintf(numbers, sizeof(numbers), ",\"args\":{\"index\":%" PRId64 "}", event.index);
      out += numbers;
    }
    out += '}';
  }
  out += "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":" + std::to_string(state_->n_dropped) + "}}\n";
  return out;
}

void TraceSpan::begin(const char* name, int64_t index) noexcept {
  name_ = name;
  index_ = index;
  TraceRecorder::State& state = *recorder_->state_;
  {
    const std::lock_guard lock(state.mutex);
    ++state.this_thread().depth;
  }
  start_ns_ = state.now_ns();
}

void TraceSpan::end() noexcept {
  TraceRecorder::State& state = *recorder_->state_;
  const uint64_t duration_ns = state.now_ns() - start_ns_;
  const std::lock_guard lock(state.mutex);
  TraceRecorder::State::Thread& thread = state.this_thread();
  --thread.depth;
  state.add({name_, index_, start_ns_, duration_ns, thread.number, thread.depth});
}

}  // namespace sotto
