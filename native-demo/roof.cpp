#include "roof.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <new>
#include <numeric>
#include <span>
#include <thread>

#include "roof_loops.h"

namespace sotto::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferBytes = size_t{256} << 20, kSmallestBuffer = size_t{1} << 20;
constexpr size_t kRepetitions = 5;
constexpr size_t kAdditions = size_t{8} << 20, kMacs = size_t{256} << 20;  // a few milliseconds each

struct LoopOfTarget {
  std::string_view part;  // of the target's name
  MacLoop loop;
};
constexpr LoopOfTarget kLoops[] = {{"avx512", mac_loop_16}, {"avx", mac_loop_8}, {"", mac_loop_4}};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// body(thread index) on n threads that start together; seconds from the first begin to the last end, by the threads' own clocks:
/// the one that waits for them may be late.
template <class Body>
double time_on_threads(size_t n_threads, const Body& body) {
  std::barrier start(static_cast<std::ptrdiff_t>(n_threads));
  std::vector<Clock::time_point> begins(n_threads), ends(n_threads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < n_threads; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      begins[i] = Clock::now();
      body(i);
      ends[i] = Clock::now();
    });
  for (std::thread& thread : threads) thread.join();
  return std::chrono::duration<double>(*std::max_element(ends.begin(), ends.end()) -
                                       *std::min_element(begins.begin(), begins.end()))
      .count();
}

void read_all(std::span<const uint64_t> words) {
  constexpr size_t kSums = 16;
  uint64_t sums[kSums] = {};
  for (size_t i = 0; i + kSums <= words.size(); i += kSums)
    for (size_t k = 0; k < kSums; ++k) sums[k] += words[i + k];
  uint64_t total = 0;
  for (const uint64_t sum : sums) total += sum;
  asm volatile("" : : "r"(total));
}

double cycles_per_s() {
  uint64_t step = 1, sum = 0;
  asm volatile("" : "+r"(step));
  const auto start = Clock::now();
  for (size_t i = 0; i < kAdditions; i += 8)
    for (size_t k = 0; k < 8; ++k) {
      sum += step;
      asm volatile("" : "+r"(sum));
    }
  return static_cast<double>(kAdditions) / seconds_since(start);
}

}  // namespace

RoofMeter::RoofMeter() {
  for (size_t bytes = kBufferBytes; bytes >= kSmallestBuffer; bytes /= 2) {
    try {
      buffer_.assign(bytes / sizeof(uint64_t), 1);  // written, so that every page is there
      return;
    } catch (const std::bad_alloc&) {
      continue;
    }
  }
}

RoofMeter::Roof RoofMeter::measure(size_t n_threads, std::string_view target) const {
  const MacLoop mac_loop = std::find_if(std::begin(kLoops), std::end(kLoops), [&](const LoopOfTarget& row) {
                             return target.find(row.part) != target.npos;
                           })->loop;
  Roof roof;
  double cycles = 0;  // a second
  const size_t part = buffer_.size() / n_threads;
  std::vector<double> clocks(n_threads), macs(n_threads);
  for (size_t repetition = 0; repetition < kRepetitions; ++repetition) {
    const double reading = time_on_threads(n_threads, [&](size_t i) { read_all(std::span(buffer_).subspan(i * part, part)); });
    roof.read_bytes_per_s = std::max(roof.read_bytes_per_s, static_cast<double>(part * n_threads * sizeof(uint64_t)) / reading);
    time_on_threads(n_threads, [&](size_t i) {
      mac_loop(kMacs);  // the clock settles
      clocks[i] = cycles_per_s();
      const auto start = Clock::now();
      macs[i] = static_cast<double>(mac_loop(kMacs)) / seconds_since(start);
    });
    // The best of each: who is interrupted while the clock is measured would count too many a cycle.
    cycles = std::max(cycles, *std::max_element(clocks.begin(), clocks.end()));
    roof.macs_per_s = std::max(roof.macs_per_s, std::accumulate(macs.begin(), macs.end(), 0.0));
  }
  roof.mac_per_cycle = roof.macs_per_s / static_cast<double>(n_threads) / cycles;
  return roof;
}

}  // namespace sotto::cli
