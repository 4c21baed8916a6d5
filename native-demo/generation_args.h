// The options of a generation on the command line: one flag for each row of generation_options(), and those that are no plain
// numbers.
#pragma once

#include "command.h"
#include "sotto/generation.h"

namespace sotto::cli {

struct GenerationArgs {
  GenerationOptions options;
  double timeout_s = 0;  // 0: none

  /// Faults, before anything is read. Errors: invalid_argument.
  Status check() const;
  /// The options of a request that begins now.
  GenerationOptions begin(CancelToken cancel) const;
};

void add_generation_options(CLI::App& app, GenerationArgs& args);

}  // namespace sotto::cli
