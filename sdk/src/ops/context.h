// OpContext: what every operation is given: kernels, threads, where to trace, when to stop.
#pragma once

#include "kernels/kernel_table.h"
#include "sotto/cancel.h"
#include "sotto/trace.h"
#include "thread_pool.h"

namespace sotto::ops {

struct OpContext {
  const kernels::KernelTable& kernels;
  ThreadPool& pool;
  const RunControl& control;  // polled between pieces of work; the caller checks it after each operation
  TraceRecorder* trace = nullptr;
  bool float_activations = false;  // multiply unpacked weights with float activations: the engine's own reference
};

/// body(token) for each of n_tokens, split over threads when there is more than one.
template <class Body>
void for_each_token(const OpContext& context, size_t n_tokens, Body&& body) {
  if (n_tokens == 1) return body(size_t{0});
  context.pool.parallel_for(n_tokens, 1, [&](size_t begin, size_t end, size_t) {
    for (size_t token = begin; token < end; ++token) body(token);
  });
}

}  // namespace sotto::ops
