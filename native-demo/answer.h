// One answer on its way to stdout: pieces as they come, or everything at the end for --json.
#pragma once

#include "output.h"
#include "sotto/session.h"

namespace sotto::cli {

struct Answer {
  GenerationResult result;
  Json logprobs = Json::array();  // one entry a step, when they were asked for
};

/// Prints text, or ids where the model has no tokenizer, and ends the line. Errors: those of the generation, and io_error.
Result<Answer> stream(Generation& generation, bool has_text, const CommonOptions& common);

/// How fast it was, for people who watch a terminal.
void print_speed(const GenerationResult& result, const CommonOptions& common);

}  // namespace sotto::cli
