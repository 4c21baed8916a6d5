// Registers a benchmark once for every SIMD target that this machine runs.
#pragma once

#include <benchmark/benchmark.h>

#include <string>

#include "cpu_features.h"
#include "kernels/dispatch.h"

namespace sotto::bench {

/// register_one(table, "name/target")
template <class Register>
int for_each_target(const std::string& name, Register register_one) {
  for (const kernels::KernelTable* table : kernels::compiled_tables())
    if (kernels::runs_on(*table, cpu_features())) register_one(*table, name + "/" + table->name);
  return 0;
}

/// `per_iteration` of something, told as a rate per second.
inline void set_rate(benchmark::State& state, const char* name, double per_iteration) {
  state.counters[name] =
      benchmark::Counter(per_iteration, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

}  // namespace sotto::bench
