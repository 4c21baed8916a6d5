// What an Engine is made of.
#pragma once

#include "generate/memory_budget.h"
#include "kernels/kernel_table.h"
#include "sotto/engine.h"
#include "thread_pool.h"

namespace sotto {

struct Engine::Impl {
  Impl(const kernels::KernelTable& table, const EngineOptions& options)
      : kernels(table), pool(options.threads), trace(options.trace), budget(options.memory_limit_bytes) {}

  const kernels::KernelTable& kernels;
  ThreadPool pool;
  TraceRecorder* const trace;
  generate::MemoryBudget budget;
};

}  // namespace sotto
