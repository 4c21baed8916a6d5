#include "thread_wait.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#endif

namespace sotto {

#if defined(__linux__)

// The system call itself: libstdc++'s std::atomic::wait spins once more before it, and keeps a table of waiters in a global.
void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futex_wake_all(std::atomic<uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

#else

void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected) noexcept {
  word.wait(expected);
}
void futex_wake_all(std::atomic<uint32_t>& word) noexcept {
  word.notify_all();
}

#endif

}  // namespace sotto
