// MemoryBudget: how many bytes an engine's models and sessions hold, and the most they may. A Reservation is made before anything
// is allocated and gives its bytes back when it goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "sotto/result.h"

namespace sotto::generate {

class MemoryBudget {
 public:
  /// 0: no limit.
  explicit MemoryBudget(uint64_t limit_bytes) noexcept : limit_(limit_bytes) {}

  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Reservation& operator=(Reservation&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Reservation() {
      if (budget_) budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
    }

   private:
    friend class MemoryBudget;
    Reservation(MemoryBudget* budget, uint64_t bytes) noexcept : budget_(budget), bytes_(bytes) {}
    MemoryBudget* budget_ = nullptr;  // outlives the reservation
    uint64_t bytes_ = 0;
  };

  /// Errors: out_of_memory naming `purpose`, what it needs and what is left.
  Result<Reservation> reserve(uint64_t bytes, const std::string& purpose) {
    uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (limit_ != 0 && (used > limit_ || bytes > limit_ - used))
        return Error{ErrorCode::out_of_memory,
                     purpose + " needs " + std::to_string(bytes) + " bytes, but " + std::to_string(used) +
                         " of the engine's limit of " + std::to_string(limit_) + " are in use",
                     "memory_limit_bytes"};
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return Reservation(this, bytes);
  }

  uint64_t used_bytes() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};
};

}  // namespace sotto::generate
