// Command: one subcommand of `sotto`. declare() adds its options to the parser; what it returns is run after parsing. The table of
// all commands is in main.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "sotto/engine.h"

namespace CLI {
class App;
}

namespace sotto::cli {

/// What every command takes.
struct CommonOptions {
  bool json = false;   // one object on stdout in place of text
  bool quiet = false;  // no progress and no warnings; errors always
  EngineOptions engine;
};

using Action = std::function<Status(const CommonOptions& common)>;

struct Command {
  const char* name;
  const char* help;
  Action (*declare)(CLI::App& app);
};

Action declare_run(CLI::App& app);
Action declare_chat(CLI::App& app);
Action declare_tokenize(CLI::App& app);
Action declare_logits(CLI::App& app);
Action declare_perplexity(CLI::App& app);
Action declare_inspect(CLI::App& app);
Action declare_plan(CLI::App& app);
Action declare_quantize(CLI::App& app);
Action declare_bench(CLI::App& app);
Action declare_template(CLI::App& app);
Action declare_pull(CLI::App& app);

}  // namespace sotto::cli
