// OpContext: what every operation is given: kernels, threads, where to trace, when to stop.
#pragma once

#include "kernels/kernel_table.h"
#include "sotto/cancel.h"
#include "sotto/trace.h"
#include "thread_pool.h"

namespace sotto::ops {

/// What matrices are multiplied with, where their type leaves a choice.
enum class ActivationWidth : uint8_t {
  by_type,  // quant::ActivationFormat of the type; products that ask for it (LinearPart::fine) 15 bits
  i16,      // 15 bits for every type: those of 8 multiply twice
  f32,      // unpacked weights times floats: the engine's own reference
};

struct OpContext {
  const kernels::KernelTable& kernels;
  ThreadPool& pool;
  const RunControl& control;  // polled between pieces of work; the caller checks it after each operation
  TraceRecorder* trace = nullptr;
  ActivationWidth activations = ActivationWidth::by_type;
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
