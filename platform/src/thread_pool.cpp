#include "thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include "cpu_features.h"
#include "thread_wait.h"

namespace sotto {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kMaxThreads = 64;                     // threads of a region are bits of one word
constexpr size_t kStackBytes = size_t{1} << 20;        // the defaults are 64 KiB in wasm, 128 KiB in musl, 8 MiB in glibc
constexpr auto kSpin = std::chrono::microseconds(20);  // a region follows the last one within this while a model computes
constexpr int kPausesPerClockRead = 64;
constexpr int kYields = 3;

// A number that threads wait on. Alone on its cache line: a store by its one writer is all that the spinning readers see.
class alignas(kCacheLine) Signal {
 public:
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }
  void set(uint32_t value) noexcept {
    value_.store(value);
    wake();
  }
  void add_one() noexcept {
    value_.fetch_add(1);
    wake();
  }

  /// Returns when done(value) holds: spins (not when `parked`), yields, then sleeps.
  template <class Done>
  void wait(const std::atomic<bool>& parked, Done done) noexcept {
    const auto spin = [&] {
      for (int i = 0; i < kPausesPerClockRead; ++i) {
        if (done(value_.load(std::memory_order_acquire))) return true;
        spin_pause();
      }
      return false;
    };
    if (spin()) return;
    const auto spin_end = std::chrono::steady_clock::now() + kSpin;
    while (!parked.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < spin_end)
      if (spin()) return;
    for (int i = 0; i < kYields; ++i) {
      sched_yield();
      if (done(value_.load(std::memory_order_acquire))) return;
    }
    // Sequentially consistent on both sides: either the writer sees the sleeper, or the sleeper sees the new value.
    sleepers_.fetch_add(1);
    for (uint32_t value; !done(value = value_.load());) futex_wait(value_, value);
    sleepers_.fetch_sub(1);
  }

 private:
  void wake() noexcept {
    if (sleepers_.load() != 0) futex_wake_all(value_);
  }

  std::atomic<uint32_t> value_{0};
  std::atomic<uint32_t> sleepers_{0};
};

// The gate of a region: its generation, whether it is closed, and how many workers entered. A worker that comes after the closing
// (it slept, or another process had its core) stays out, so the caller never waits for it.
constexpr uint64_t kClosed = uint64_t{1} << 31;
constexpr uint64_t kEnteredMask = kClosed - 1;
uint32_t generation_of(uint64_t gate) {
  return static_cast<uint32_t>(gate >> 32);
}

}  // namespace

struct ThreadPool::State {
  using Job = FunctionRef<void(size_t)>;
  struct Worker {
    State* state;
    size_t thread;
    pthread_t handle;
  };

  Signal generation;  // counts regions; workers wait for the next
  Signal left;        // workers that have finished in this region; the caller waits for them
  alignas(kCacheLine) std::atomic<uint64_t> gate{kClosed};
  std::optional<Job> job;  // on the gate's line: who enters has it already
  alignas(kCacheLine) std::atomic<bool> parked{false};
  std::atomic<bool> stopping{false};
  std::vector<Worker> workers;
  uint32_t last_generation = 0;
  std::mutex turn;  // one caller at a time

  bool start(size_t thread) {
    Worker& worker = workers.emplace_back(Worker{this, thread, {}});
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) == 0) {
      pthread_attr_setstacksize(&attributes, kStackBytes);
      const auto entry = [](void* argument) -> void* {
        const auto* self = static_cast<const Worker*>(argument);
        self->state->work(self->thread);
        return nullptr;
      };
      const bool started = pthread_create(&worker.handle, &attributes, entry, &worker) == 0;
      pthread_attr_destroy(&attributes);
      if (started) return true;
    }
    workers.pop_back();
    return false;
  }

  void work(size_t thread) {
    uint32_t seen = 0;
    for (;;) {
      generation.wait(parked, [&](uint32_t value) { return static_cast<int32_t>(value - seen) > 0; });
      if (stopping.load(std::memory_order_acquire)) return;
      // The gate is opened before the generation is announced, so it is as new as what was seen, or newer.
      uint64_t now = gate.load(std::memory_order_acquire);
      while ((now & kClosed) == 0 &&
             !gate.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      }
      seen = generation_of(now);
      if (now & kClosed) continue;
      (*job)(thread);
      left.add_one();
    }
  }

  void open(Job next) {
    left.reset();
    job.emplace(next);
    parked.store(false, std::memory_order_relaxed);
    ++last_generation;
    gate.store(uint64_t{last_generation} << 32, std::memory_order_release);
    generation.set(last_generation);
  }

  void join(uint32_t n_entered) {
    const std::atomic<bool> never_parked{false};
    left.wait(never_parked, [&](uint32_t value) { return value == n_entered; });
  }
};

ThreadPool::ThreadPool(size_t n_threads) : state_(std::make_unique<State>()) {
  n_threads = std::min(n_threads == 0 ? default_threads() : n_threads, kMaxThreads);
  state_->workers.reserve(n_threads);  // workers refer to their entry
  for (size_t thread = 1; thread < n_threads && state_->start(thread); ++thread) {
  }
}

ThreadPool::~ThreadPool() {
  state_->stopping.store(true, std::memory_order_release);
  state_->generation.set(state_->last_generation + 1);
  for (const State::Worker& worker : state_->workers) pthread_join(worker.handle, nullptr);
}

size_t ThreadPool::size() const noexcept {
  return state_->workers.size() + 1;
}

void ThreadPool::run(FunctionRef<void(size_t thread)> job) {
  const std::lock_guard lock(state_->turn);
  const size_t n_workers = state_->workers.size();
  if (n_workers != 0) state_->open(job);
  job(0);
  if (n_workers != 0) state_->join(static_cast<uint32_t>(n_workers));
}

void ThreadPool::parallel_for(size_t n_items, size_t grain, FunctionRef<void(size_t begin, size_t end, size_t thread)> body) {
  if (n_items == 0) return;
  const std::lock_guard lock(state_->turn);
  grain = std::max<size_t>(grain, 1);
  const size_t n_grains = (n_items - 1) / grain + 1;
  const size_t n_threads = size();
  if (n_threads == 1 || n_grains == 1) return body(0, n_items, 0);

  const size_t n_static = n_grains - (n_grains + 7) / 8;
  const auto first_of = [&](size_t owner) { return n_static / n_threads * owner + n_static % n_threads * owner / n_threads; };
  const auto compute = [&](size_t first, size_t last, size_t thread) {
    if (first != last) body(first * grain, last == n_grains ? n_items : last * grain, thread);
  };
  alignas(kCacheLine) std::atomic<uint64_t> unclaimed{~uint64_t{0} >> (kMaxThreads - n_threads)};
  alignas(kCacheLine) std::atomic<size_t> next{n_static};
  const auto claim = [&](size_t owner) { return (unclaimed.fetch_and(~(uint64_t{1} << owner)) >> owner & 1) != 0; };

  const auto share = [&](size_t thread) {
    if (claim(thread)) compute(first_of(thread), first_of(thread + 1), thread);
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < n_grains;) compute(i, i + 1, thread);
    // Whoever has not started by now is asleep or descheduled.
    for (size_t owner = 0; owner < n_threads; ++owner)
      if (claim(owner)) compute(first_of(owner), first_of(owner + 1), thread);
  };
  state_->open(share);
  share(0);
  state_->join(static_cast<uint32_t>(state_->gate.fetch_or(kClosed, std::memory_order_acq_rel) & kEnteredMask));
}

void ThreadPool::park() noexcept {
  state_->parked.store(true, std::memory_order_relaxed);
}

size_t ThreadPool::default_threads() noexcept {
  return std::clamp<size_t>(physical_cores(), 1, 8);
}

}  // namespace sotto
