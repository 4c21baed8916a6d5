// RoofMeter: what this machine can do at most, measured: bytes read from memory and float multiply-accumulates. Shares in `bench`
// are shares of these. A buffer far larger than the caches is read linearly by 1..N threads, each its own part; the arithmetic is a
// loop of independent multiply-adds in the registers of a SIMD target. The clock is that of a chain of additions, each waiting for
// the one before: one cycle each on every current CPU; it is measured right beside the multiply-adds, because clocks change under
// load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sotto::cli {

class RoofMeter {
 public:
  /// 256 MiB, or less when memory is short.
  RoofMeter();

  struct Roof {
    double read_bytes_per_s = 0;  // by all threads together
    double macs_per_s = 0;        // by all threads together
    double mac_per_cycle = 0;     // of one core
  };
  /// The best of several runs. `target`: a name of Engine::targets().
  Roof measure(size_t n_threads, std::string_view target) const;

 private:
  std::vector<uint64_t> buffer_;
};

}  // namespace sotto::cli
