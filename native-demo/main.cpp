#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <new>
#include <utility>
#include <vector>

#include "command.h"
#include "output.h"

namespace sotto::cli {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

constexpr Command kCommands[] = {
    {"run", "answer one prompt", declare_run},
    {"chat", "hold a conversation, a line at a time; Ctrl-C stops an answer, the end of the input ends it", declare_chat},
    {"tokenize", "text from stdin to token ids, or back", declare_tokenize},
    {"logits", "compute the logits of token ids", declare_logits},
    {"perplexity", "measure how well a model predicts a text", declare_perplexity},
    {"inspect", "tell what is inside a model file", declare_inspect},
    {"plan", "tell how many bytes a load and a context need, without loading", declare_plan},
    {"quantize", "write a model as GGUF with smaller weights", declare_quantize},
    {"bench", "measure speed, and its share of what the machine can do", declare_bench},
    {"template", "render a conversation (JSON from stdin) with a chat template", declare_template},
    {"pull", "download a model into the cache", declare_pull},
};

void add_common_options(CLI::App& app, CommonOptions& common) {
  app.add_flag("--json", common.json, "print one JSON object (fields: native-demo/README.md)");
  app.add_flag("--quiet", common.quiet, "no progress, no warnings");
  app.add_option("--threads", common.engine.threads, "threads, at most 64; 0: as many as there are physical cores, at most 8");
  std::string targets = "auto";
  for (const std::string_view target : Engine::targets()) targets += ", " + std::string(target);
  app.add_option("--target", common.engine.target, "SIMD target: " + targets);
}

int fail(const Error& error) {
  print_error(error);
  return kFailed;
}

int run_program(int argc, char** argv) {
  CLI::App app("Runs language models on this machine.", "sotto");
  app.set_version_flag("--version", "sotto " SOTTO_VERSION);
  app.require_subcommand(0, 1);  // so that an unknown one is named
  CommonOptions common;
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Command& command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.help);
    actions.emplace_back(subcommand, command.declare(*subcommand));
    add_common_options(*subcommand, common);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (app.get_subcommands().empty()) {
    std::fputs(app.help().c_str(), stderr);
    return kWrongUsage;
  }
  if (const Status valid = common.engine.validate(); !valid) return fail(valid.error());
  for (const auto& [subcommand, action] : actions) {
    if (!subcommand->parsed()) continue;
    if (const Status done = action(common); !done) return fail(done.error());
  }
  return 0;
}

}  // namespace
}  // namespace sotto::cli

int main(int argc, char** argv) {
  // A reader of stdout that goes away is an error of the next write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return sotto::cli::run_program(argc, argv);
  } catch (const std::bad_alloc&) {
    return sotto::cli::fail({sotto::ErrorCode::out_of_memory, "there is not enough memory", {}});
  } catch (const std::exception& error) {
    return sotto::cli::fail({sotto::ErrorCode::internal, error.what(), {}});
  }
}
