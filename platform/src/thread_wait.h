// How a thread waits for another one: a pause inside a spin, and a futex (sleep while a word has a value).
// Not std::atomic::wait: Emscripten's libc++ polls with growing sleeps in its place.
#pragma once

#include <atomic>
#include <cstdint>

namespace sotto {

/// False in a wasm build without pthreads: there nobody else can make a condition true, so nothing may wait.
#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
inline constexpr bool kHasThreads = false;
#else
inline constexpr bool kHasThreads = true;
#endif

/// One step of a spin: lets a sibling hyperthread run.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb");  // "yield" is a no-op on most cores; isb waits about as long as the x86 pause
#endif
}

/// Sleeps while `word` is `expected`. May return early.
void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected) noexcept;
void futex_wake_all(std::atomic<uint32_t>& word) noexcept;

}  // namespace sotto
