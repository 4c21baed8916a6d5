#include "thread_wait.h"

#include <emscripten/threading.h>

#include <climits>
#include <cmath>

namespace sotto {

void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected) noexcept {
  auto* address = const_cast<std::atomic<uint32_t>*>(&word);
  emscripten_futex_wait(reinterpret_cast<volatile void*>(address), expected, INFINITY);
}

void futex_wake_all(std::atomic<uint32_t>& word) noexcept {
  emscripten_futex_wake(reinterpret_cast<volatile void*>(&word), INT_MAX);
}

}  // namespace sotto
