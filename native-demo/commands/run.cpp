#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "answer.h"
#include "file.h"
#include "generation_args.h"
#include "interrupt.h"
#include "memory_usage.h"
#include "model_args.h"
#include "result_json.h"
#include "token_ids.h"

namespace sotto::cli {
namespace {

struct RunArgs {
  ModelArgs model;
  GenerationArgs generation;
  std::string prompt, file, tokens, system, trace;
  bool raw = false;
};

/// What is asked: ids, or a text.
struct Prompt {
  std::optional<std::vector<TokenId>> ids;
  std::string text;
};

Result<Prompt> read_prompt(const RunArgs& args) {
  Prompt prompt;
  if (!args.tokens.empty()) {
    SOTTO_ASSIGN(prompt.ids, parse_ids(args.tokens));
  } else if (!args.file.empty() || args.prompt == "-") {
    SOTTO_ASSIGN(prompt.text, read_file(args.file.empty() ? args.prompt : args.file));
  } else {
    prompt.text = args.prompt;
  }
  return prompt;
}

Generation begin(Session& session, const Prompt& prompt, const RunArgs& args, const GenerationOptions& options) {
  if (prompt.ids) return session.generate(*prompt.ids, options);
  if (args.raw) return session.generate(prompt.text, options);
  std::vector<Message> messages;
  if (!args.system.empty()) messages.push_back({"system", args.system});
  messages.push_back({"user", prompt.text});
  return session.chat(messages, options);
}

Json report(const Answer& answer, const Model& model, const Session& session) {
  MemoryUsage memory = model.memory();
  memory.kv_bytes += session.memory().kv_bytes;
  memory.scratch_bytes += session.memory().scratch_bytes;
  Json json = json_of(answer.result);
  json["timings"]["load_ms"] = model.info().load_ms;
  json["memory"] = json_of(memory);
  json["memory"]["peak_bytes"] = peak_resident_bytes();
  if (!answer.logprobs.empty()) json["logprobs"] = answer.logprobs;
  return json;
}

Status run(RunArgs& args, const CommonOptions& common, Trace& trace) {
  SOTTO_TRY(check(args.model));
  SOTTO_TRY(args.generation.check());
  SOTTO_ASSIGN(const Prompt prompt, read_prompt(args));
  args.model.model.tokenizer_required = !prompt.ids;
  const Interrupt interrupt;
  SOTTO_ASSIGN(const Engine engine, trace.make_engine(common.engine));
  SOTTO_ASSIGN(const Model model, open_model(args.model, common, engine, interrupt.token()));
  SOTTO_ASSIGN(Session session, model.new_session(args.model.session));
  Generation generation = begin(session, prompt, args, args.generation.begin(interrupt.token()));
  SOTTO_ASSIGN(const Answer answer, stream(generation, model.tokenizer() != nullptr, common));
  if (common.json) SOTTO_TRY(print_json(report(answer, model, session)));
  if (answer.result.finish_reason == FinishReason::cancelled)
    return Error{ErrorCode::cancelled, "the answer was stopped by Ctrl-C", {}};
  print_speed(answer.result, common);
  return {};
}

}  // namespace

Action declare_run(CLI::App& app) {
  const auto args = std::make_shared<RunArgs>();
  add_model_name(app, args->model.name);
  CLI::Option_group* source = app.add_option_group("prompt", "exactly one of");
  source->add_option("-p,--prompt", args->prompt, "the prompt; - reads stdin");
  source->add_option("--file", args->file, "a file with the prompt; - reads stdin");
  source->add_option("--tokens", args->tokens, "token ids in place of a text: 1,2,3")->check([](const std::string& text) {
    const auto ids = parse_ids(text);
    return ids ? std::string() : ids.error().message;
  });
  source->require_option(1);
  CLI::Option* raw = app.add_flag("--raw", args->raw, "the prompt as it is, without chat template");
  app.add_option("--system", args->system, "instructions in front of the prompt")
      ->excludes(raw)
      ->excludes(source->get_option("--tokens"));
  add_generation_options(app, args->generation);
  add_load_options(app, args->model);
  add_session_options(app, args->model);
  add_trace_option(app, args->trace);
  return [args](const CommonOptions& common) {
    Trace trace(args->trace);
    return trace.finish(run(*args, common, trace));
  };
}

}  // namespace sotto::cli
