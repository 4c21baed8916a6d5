// ThreadPool: fork-join over persistent workers. A pool of 1 thread is a plain loop and starts nothing.
// Workers wait by a bounded spin (about 20 us), then yields, then a futex; between requests they are parked.
// Jobs never nest: a job must not call run() or parallel_for() of the pool it runs on. The pool is used by one caller at a time;
// a second caller waits for its turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace sotto {

/// A borrowed callable, valid while the call that takes it runs. Two words, no allocation.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
  FunctionRef(F&& function) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(&function))), call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(static_cast<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, static_cast<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

class ThreadPool {
 public:
  /// `n_threads` counts the caller; 0 means default_threads(). A thread that cannot be started, or is past 64, is left out:
  /// size() tells.
  explicit ThreadPool(size_t n_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t size() const noexcept;

  /// Calls job(thread) once for each thread in [0, size()), at the same time, and returns when all have returned.
  void run(FunctionRef<void(size_t thread)> job);

  /// Calls body(begin, end, thread) on disjoint ranges that cover [0, n_items). Ranges start at multiples of `grain`; the first
  /// 7/8 are given out up front, one contiguous range per thread, the rest is taken in grains by whoever is free. A thread that
  /// sleeps or is descheduled when all else is done is not waited for: another one computes its range, under its own `thread`.
  void parallel_for(size_t n_items, size_t grain, FunctionRef<void(size_t begin, size_t end, size_t thread)> body);

  /// Lets the workers sleep now instead of after their spin: called at the end of a request.
  void park() noexcept;

  /// Physical cores, at most 8.
  static size_t default_threads() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sotto
