// CancelSource, CancelToken and Deadline: how a caller stops a load, a prefill or a decode. A token may be triggered from
// any thread and from a signal handler (one lock-free store). RunControl is what long loops poll.
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
  bool cancelled() const noexcept { return flag_ && flag_->load(std::memory_order_relaxed) != 0; }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<const std::atomic<uint32_t>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<const std::atomic<uint32_t>> flag_;
};

class CancelSource {
 public:
  CancelSource() : flag_(std::make_shared<std::atomic<uint32_t>>(0)) {}
  void cancel() noexcept { flag_->store(1, std::memory_order_relaxed); }
  CancelToken token() const { return CancelToken(flag_); }
  /// Where a 1 cancels: for callers that share memory with this one but no function, as a page with its worker does.
  std::atomic<uint32_t>* word() const noexcept { return flag_.get(); }

 private:
  std::shared_ptr<std::atomic<uint32_t>> flag_;
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

/// What a long loop asks before it goes on. Cheap: one load, and one clock read when a deadline is set.
struct RunControl {
  CancelToken cancel{};
  Deadline deadline{};

  bool stop_requested() const noexcept { return cancel.cancelled() || deadline.passed(); }
  /// ok, `cancelled` or `deadline_exceeded`.
  Status check() const;
};

}  // namespace sotto
