#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <memory>

#include "file.h"
#include "interrupt.h"
#include "model_args.h"
#include "output.h"
#include "token_ids.h"

namespace sotto::cli {
namespace {

constexpr size_t kTokensAtOnce = 64;  // of all positions, so that a long prompt needs no table of its own size

struct LogitsArgs {
  ModelArgs model;
  std::string tokens, output, trace;
  bool all = false;
};

Status write_floats(OutputFile& file, std::span<const float> values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(float));
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
  }
  return file.write(bytes);
}

Status logits(LogitsArgs& args, const CommonOptions& common, Trace& trace) {
  SOTTO_ASSIGN(const auto ids, parse_ids(args.tokens));
  if (args.model.session.context == 0) args.model.session.context = ids.size();
  SOTTO_TRY(check(args.model));
  args.model.model.tokenizer_required = false;
  const Interrupt interrupt;
  const RunControl control{.cancel = interrupt.token(), .deadline = {}};
  SOTTO_ASSIGN(const Engine engine, trace.make_engine(common.engine));
  SOTTO_ASSIGN(const Model model, open_model(args.model, common, engine, interrupt.token()));
  SOTTO_ASSIGN(Session session, model.new_session(args.model.session));
  const size_t n_vocab = model.info().n_vocab;

  std::vector<float> values;
  SOTTO_ASSIGN(OutputFile file, OutputFile::create(args.output));
  if (args.all) {
    Progress progress("computing", common);
    for (size_t begin = 0; begin < ids.size(); begin += kTokensAtOnce) {
      SOTTO_ASSIGN(values,
                   session.append_all_logits(std::span(ids).subspan(begin, std::min(kTokensAtOnce, ids.size() - begin)), control));
      SOTTO_TRY(write_floats(file, values));
      progress.update(begin, ids.size());
    }
  } else {
    SOTTO_ASSIGN(values, session.append(ids, control));
    SOTTO_TRY(write_floats(file, values));
  }
  SOTTO_TRY(file.close());
  if (!common.json) return {};
  const auto last = std::span(values).last(n_vocab);
  return print_json({{"file", args.output},
                     {"n_tokens", ids.size()},
                     {"rows", args.all ? ids.size() : 1},
                     {"n_vocab", n_vocab},
                     {"argmax", std::max_element(last.begin(), last.end()) - last.begin()}});
}

}  // namespace

Action declare_logits(CLI::App& app) {
  const auto args = std::make_shared<LogitsArgs>();
  add_model_name(app, args->model.name);
  app.add_option("--tokens", args->tokens, "token ids: 1,2,3")->required()->check([](const std::string& text) {
    const auto ids = parse_ids(text);
    return !ids ? ids.error().message : ids->empty() ? std::string("no ids") : std::string();
  });
  app.add_option("-o,--output", args->output, "file of float32, little-endian; - is stdout")->required();
  app.add_flag("--all", args->all, "of all positions, (n_tokens, n_vocab), not of the last alone");
  add_load_options(app, args->model);
  add_session_options(app, args->model);
  add_trace_option(app, args->trace);
  return [args](const CommonOptions& common) -> Status {
    if (common.json && args->output == "-")
      return Error{ErrorCode::invalid_argument, "--json and the logits cannot both go to stdout", "output"};
    Trace trace(args->trace);
    return trace.finish(logits(*args, common, trace));
  };
}

}  // namespace sotto::cli
