// CancelSource, CancelToken and Deadline: how a caller stops a load, a prefill or a decode. A token may be triggered from
// any thread and from a signal handler (one lock-free store), or asks somebody else. RunControl is what long loops poll.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "sotto/result.h"

namespace sotto {

/// Observes a CancelSource. A default token is never cancelled.
class CancelToken {
 public:
  CancelToken() = default;
  bool cancelled() const noexcept {
    return state_ && (state_->flag.load(std::memory_order_relaxed) || (state_->asked && state_->asked(state_->argument)));
  }

 private:
  friend class CancelSource;
  struct State {
    std::atomic<bool> flag{false};
    bool (*asked)(int argument) = nullptr;
    int argument = 0;
  };
  explicit CancelToken(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

class CancelSource {
 public:
  CancelSource() : state_(std::make_shared<CancelToken::State>()) {}
  void cancel() noexcept { state_->flag.store(true, std::memory_order_relaxed); }
  CancelToken token() const { return CancelToken(state_); }
  /// Somebody who is asked as well, by every thread that computes: for callers that cannot call cancel() meanwhile, as a page whose
  /// worker computes. Before the token is used.
  void ask(bool (*asked)(int argument), int argument) noexcept {
    state_->asked = asked;
    state_->argument = argument;
  }

 private:
  std::shared_ptr<CancelToken::State> state_;
};

/// A point of the monotonic clock; the default is never.
struct Deadline {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::time_point::max();

  static Deadline never() noexcept { return {}; }
  static Deadline in(std::chrono::nanoseconds delay) noexcept {
    const auto now = std::chrono::steady_clock::now();
    return delay < std::chrono::steady_clock::time_point::max() - now ? Deadline{now + delay} : never();
  }
  bool is_set() const noexcept { return at != std::chrono::steady_clock::time_point::max(); }
  bool passed() const noexcept { return is_set() && std::chrono::steady_clock::now() >= at; }
};

/// What a long loop asks before it goes on. One load, and one clock read when a deadline is set; in WebAssembly that clock, and the
/// function of CancelSource::ask(), are calls of JavaScript, too dear for every few microseconds of work.
struct RunControl {
  CancelToken cancel{};
  Deadline deadline{};

  bool stop_requested() const noexcept { return cancel.cancelled() || deadline.passed(); }
  /// ok, `cancelled` or `deadline_exceeded`.
  Status check() const;
};

}  // namespace sotto
