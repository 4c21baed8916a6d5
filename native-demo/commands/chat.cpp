#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <memory>

#include "answer.h"
#include "generation_args.h"
#include "interrupt.h"
#include "model_args.h"
#include "result_json.h"

namespace sotto::cli {
namespace {

struct ChatArgs {
  ModelArgs model;
  GenerationArgs generation;
  std::string system, trace;
};

/// The next line that says something; nothing at the end of the input.
bool read_line(std::string& line, bool prompted) {
  do {
    if (prompted) std::fputs("> ", stderr);
    if (!std::getline(std::cin, line)) return false;
  } while (line.find_first_not_of(" \t\r") == std::string::npos);
  if (line.back() == '\r') line.pop_back();
  return true;
}

Json report(std::span<const Message> messages, Json answers) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
  return {{"messages", std::move(list)}, {"answers", std::move(answers)}};
}

Status chat(ChatArgs& args, const CommonOptions& common, Trace& trace) {
  SOTTO_TRY(check(args.model));
  SOTTO_TRY(args.generation.check());
  const Interrupt loading;
  SOTTO_ASSIGN(const Engine engine, trace.make_engine(common.engine));
  SOTTO_ASSIGN(const Model model, open_model(args.model, common, engine, loading.token()));
  SOTTO_ASSIGN(Session session, model.new_session(args.model.session));

  const bool prompted = !common.quiet && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
  if (prompted) std::fputs("Ctrl-C stops an answer, Ctrl-D ends.\n", stderr);
  std::vector<Message> messages;
  if (!args.system.empty()) messages.push_back({"system", args.system});
  Json answers = Json::array();
  for (std::string line; read_line(line, prompted);) {
    messages.push_back({"user", line});
    const Interrupt interrupt;
    Generation generation = session.chat(messages, args.generation.begin(interrupt.token()));
    SOTTO_ASSIGN(const Answer answer, stream(generation, true, common));
    print_speed(answer.result, common);
    messages.push_back({"assistant", answer.result.text});
    if (common.json) answers.push_back(json_of(answer.result));
  }
  return common.json ? print_json(report(messages, std::move(answers))) : Status();
}

}  // namespace

Action declare_chat(CLI::App& app) {
  const auto args = std::make_shared<ChatArgs>();
  add_model_name(app, args->model.name);
  app.add_option("--system", args->system, "instructions in front of the conversation");
  add_generation_options(app, args->generation);
  add_load_options(app, args->model);
  add_session_options(app, args->model);
  add_trace_option(app, args->trace);
  return [args](const CommonOptions& common) {
    Trace trace(args->trace);
    return trace.finish(chat(*args, common, trace));
  };
}

}  // namespace sotto::cli
