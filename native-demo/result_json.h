// How results of the SDK look as JSON; the fields are documented in README.md.
#pragma once

#include <span>

#include "output.h"
#include "sotto/model.h"

namespace sotto::cli {

Json json_of(const Usage& usage);
Json json_of(const Timings& timings);
Json json_of(const MemoryUsage& memory);
/// Chosen token and alternatives of one step.
Json json_of(const TokenLogprob& chosen, std::span<const TokenLogprob> top);
/// text, tokens, prompt_tokens, finish_reason, stop_string, seed, invalid_bytes, usage, timings
Json json_of(const GenerationResult& result);

}  // namespace sotto::cli
