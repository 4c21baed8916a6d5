// What a Session is made of, and SessionLock: how its calls keep two threads apart.
#pragma once

#include <atomic>

#include "generate/token_timeline.h"
#include "sotto/session.h"

namespace sotto {

struct Session::Impl {
  Impl(std::shared_ptr<const Model::Impl> shared_model, generate::TokenTimeline tokens)
      : model(std::move(shared_model)), timeline(std::move(tokens)) {}

  const std::shared_ptr<const Model::Impl> model;  // outlives the timeline
  generate::TokenTimeline timeline;
  std::atomic<bool> busy{false};
  uint64_t changes = 0;  // of the timeline, so that a Generation notices those it did not make
};

namespace generate {

/// Held by one call at a time; a call that comes while it is held answers concurrent_use.
class SessionLock {
 public:
  explicit SessionLock(Session::Impl& session) noexcept
      : session_(session), held_(!session.busy.exchange(true, std::memory_order_acquire)) {}
  ~SessionLock() {
    if (held_) session_.busy.store(false, std::memory_order_release);
  }
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

  Status status() const {
    if (held_) return {};
    return Error{ErrorCode::concurrent_use, "the session is in use by another thread", "session"};
  }

 private:
  Session::Impl& session_;
  const bool held_;
};

}  // namespace generate
}  // namespace sotto
