// The sampling steps, as llama.cpp defines each of them, in the order they are taken. A new one is a function and a row in
// steps.cpp.
#pragma once

#include "sampling/candidates.h"
#include "sotto/generation.h"

namespace sotto::sampling {

struct SamplingStep {
  std::string_view name;
  bool (*applies)(const GenerationOptions& options);
  /// history: every token so far, prompt included.
  void (*apply)(Candidates& candidates, const GenerationOptions& options, std::span<const TokenId> history);
};

std::span<const SamplingStep> sampling_steps() noexcept;

}  // namespace sotto::sampling
