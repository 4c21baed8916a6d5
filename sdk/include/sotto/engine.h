// Engine: threads, SIMD target, trace sink and memory limit; what other libraries keep in globals. Passed down to every model that
// is opened with it, shared by reference count, safe to use from several threads (their work takes turns on the engine's threads).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"
#include "sotto/trace.h"

namespace sotto {

struct EngineOptions {
  size_t threads = 0;               // 0: physical cores, at most 8; at most 64
  std::string target = "auto";      // SIMD target by name, see Engine::targets(); "auto": the best this machine runs
  TraceRecorder* trace = nullptr;   // must outlive the engine and everything made with it
  uint64_t memory_limit_bytes = 0;  // weights, caches and scratch of all its models together; 0: none

  /// invalid_argument naming every field that is wrong.
  Status validate() const;
};

class Engine {
 public:
  struct Impl;

  /// Errors: invalid_argument (options), unsupported (a target this machine lacks).
  static Result<Engine> make(const EngineOptions& options = {});

  size_t threads() const noexcept;
  std::string_view target() const noexcept;
  uint64_t used_bytes() const noexcept;  // weights, caches and scratch alive now

  /// Targets of this build, slowest first; those this machine cannot run included.
  static std::vector<std::string_view> targets();

  const std::shared_ptr<Impl>& impl() const noexcept { return impl_; }

 private:
  explicit Engine(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace sotto
