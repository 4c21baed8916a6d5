#include "interrupt.h"

#include <atomic>

namespace sotto::cli {
namespace {

std::atomic<CancelSource*> innermost = nullptr;  // a signal handler can reach nothing but a global
static_assert(std::atomic<CancelSource*>::is_always_lock_free);

void on_interrupt(int) {
  if (CancelSource* source = innermost.load()) source->cancel();
}

}  // namespace

Interrupt::Interrupt() : outer_(innermost.exchange(&source_)) {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;  // a line that is being read stays what it is
  sigaction(SIGINT, &action, &outer_action_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &outer_action_, nullptr);
  innermost.store(outer_);
}

}  // namespace sotto::cli
