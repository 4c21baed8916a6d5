#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "interrupt.h"
#include "model_args.h"
#include "model_work.h"
#include "output.h"
#include "roof.h"

namespace sotto::cli {
namespace {

struct BenchArgs {
  ModelArgs model;
  std::vector<size_t> prompts{512}, threads;
  size_t repetitions = 5;
  int64_t tokens = 128;
};

/// Median with the extremes.
struct Spread {
  std::vector<double> values;

  double at(double part) const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const double place = part * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  }
  double median() const { return at(0.5); }
};

/// What was measured with one number of threads and one prompt.
struct Run {
  size_t threads = 0, prompt = 0;
  std::string target;
  RoofMeter::Roof roof;
  double load_ms = 0;
  Spread first_token_ms, prefill_tps, decode_tps;
  double prefill_share = 0, decode_share = 0;
};

Status check_ranges(BenchArgs& args) {
  SOTTO_TRY(check(args.model));
  std::string faults;
  const auto want = [&](const char* name, double value, double min, double max) {
    if (value >= min && value <= max) return;
    faults +=
        (faults.empty() ? "" : "; ") + (name + (" is " + fixed(value, 0)) + ", wanted " + fixed(min, 0) + " to " + fixed(max, 0));
  };
  for (const size_t n : args.prompts) want("prompt_tokens", static_cast<double>(n), 1, 1 << 20);
  want("max_tokens", static_cast<double>(args.tokens), 2, 1 << 20);  // the first is no part of decoding
  want("repetitions", static_cast<double>(args.repetitions), 1, 1000);
  for (const size_t n : args.threads) want("threads", static_cast<double>(n), 1, 64);
  if (!faults.empty()) return Error{ErrorCode::invalid_argument, faults, {}};
  return {};
}

/// The same ids on every machine; any will do, since nothing is said about the text.
std::vector<TokenId> prompt_ids(size_t n, size_t n_vocab) {
  std::vector<TokenId> ids(n);
  for (size_t i = 0; i < n; ++i) ids[i] = static_cast<TokenId>((i * 7919 + 13) % n_vocab);
  return ids;
}

void add_shares(Run& run, const BenchArgs& args, double macs_per_token, const Model& model, const Session& session) {
  const auto n_prompt = static_cast<double>(run.prompt);
  const double macs = macs_per_token + attention_macs(model.info(), run.prompt) / n_prompt;
  run.prefill_share = run.prefill_tps.median() * macs / run.roof.macs_per_s;
  const double held = n_prompt + static_cast<double>(args.tokens) / 2;  // on average, while decoding
  const double bytes =
      static_cast<double>(model.info().decode_bytes) +
      static_cast<double>(session.memory().kv_bytes) * std::min(1.0, held / static_cast<double>(session.context()));
  run.decode_share = run.decode_tps.median() * bytes / run.roof.read_bytes_per_s;
}

Status measure_prompt(const BenchArgs& args, const Model& model, double macs_per_token, const CommonOptions& common,
                      const CancelToken& cancel, Run& run) {
  SessionOptions session_options = args.model.session;
  if (session_options.context == 0) session_options.context = run.prompt + static_cast<size_t>(args.tokens);
  SOTTO_ASSIGN(Session session, model.new_session(session_options));
  const auto ids = prompt_ids(run.prompt, model.info().n_vocab);
  const GenerationOptions generation{.max_tokens = args.tokens, .ignore_eos = true, .cancel = cancel};
  Progress progress(std::to_string(run.threads) + " threads,", common);
  for (size_t i = 0; i < args.repetitions; ++i) {
    progress.update(i, args.repetitions);
    SOTTO_TRY(session.rewind(0));
    SOTTO_ASSIGN(const GenerationResult result, session.generate(ids, generation).result());
    if (result.finish_reason == FinishReason::cancelled)
      return Error{ErrorCode::cancelled, "the measurement was stopped by Ctrl-C", {}};
    run.first_token_ms.values.push_back(result.timings.first_token_ms);
    run.prefill_tps.values.push_back(result.timings.prefill_tps);
    run.decode_tps.values.push_back(result.timings.decode_tps);
  }
  add_shares(run, args, macs_per_token, model, session);
  return {};
}

void add(Json& json, const std::string& name, const Spread& spread) {
  json[name] = spread.median();
  json[name + "_min"] = spread.at(0);
  json[name + "_max"] = spread.at(1);
}

Json report(const BenchArgs& args, std::span<const Run> runs) {
  Json read = Json::object(), macs = Json::object(), list = Json::array();
  for (const Run& run : runs) {
    read[std::to_string(run.threads)] = run.roof.read_bytes_per_s / 1e9;
    macs[std::to_string(run.threads)] = run.roof.mac_per_cycle;
    Json row{{"threads", run.threads}, {"prompt_tokens", run.prompt}};
    add(row, "prefill_tps", run.prefill_tps);
    add(row, "decode_tps", run.decode_tps);
    row["prefill_share"] = run.prefill_share;
    row["decode_share"] = run.decode_share;
    list.push_back(std::move(row));
  }
  return {{"model", args.model.name},
          {"target", runs.back().target},
          {"max_tokens", args.tokens},
          {"load_ms", runs.back().load_ms},
          {"first_token_ms", runs.back().first_token_ms.median()},
          {"roof", {{"read_gb_s", std::move(read)}, {"mac_per_cycle", std::move(macs)}}},
          {"runs", std::move(list)}};
}

std::string to_text(const Run& run) {
  const auto percent = [](double share) { return fixed(100 * share, 0) + " %"; };
  return std::to_string(run.threads) + " threads, " + run.target + ": prefill of " + std::to_string(run.prompt) + " tokens " +
         fixed(run.prefill_tps.median(), 1) + " tokens/s (" + percent(run.prefill_share) + " of " +
         fixed(run.roof.mac_per_cycle, 1) + " float MAC per cycle and core), decode " + fixed(run.decode_tps.median(), 1) +
         " tokens/s (" + percent(run.decode_share) + " of " + fixed(run.roof.read_bytes_per_s / 1e9, 1) + " GB/s), load " +
         fixed(run.load_ms, 0) + " ms, first token " + fixed(run.first_token_ms.median(), 0) + " ms\n";
}

Status bench(BenchArgs& args, const CommonOptions& common) {
  SOTTO_TRY(check_ranges(args));
  if (args.threads.empty()) args.threads.push_back(common.engine.threads);
  args.model.model.tokenizer_required = false;
  SOTTO_ASSIGN(const std::string path, find_model(args.model.name));
  SOTTO_ASSIGN(const Inspection file, sotto::inspect(path));
  const Interrupt interrupt;
  const RoofMeter meter;
  std::vector<Run> runs;
  for (const size_t threads : args.threads) {
    EngineOptions options = common.engine;
    options.threads = threads;
    SOTTO_ASSIGN(const Engine engine, Engine::make(options));
    SOTTO_ASSIGN(const Model model, open_model(args.model, common, engine, interrupt.token()));
    const RoofMeter::Roof roof = meter.measure(engine.threads(), engine.target());
    const double macs_per_token = layer_macs(file, model.info());
    for (const size_t prompt : args.prompts) {
      Run& run = runs.emplace_back(Run{.threads = engine.threads(),
                                       .prompt = prompt,
                                       .target = std::string(engine.target()),
                                       .roof = roof,
                                       .load_ms = model.info().load_ms,
                                       .first_token_ms = {},
                                       .prefill_tps = {},
                                       .decode_tps = {}});
      SOTTO_TRY(measure_prompt(args, model, macs_per_token, common, interrupt.token(), run));
      if (!common.json) SOTTO_TRY(print(to_text(run)));
    }
  }
  return common.json ? print_json(report(args, runs)) : Status();
}

}  // namespace

Action declare_bench(CLI::App& app) {
  const auto args = std::make_shared<BenchArgs>();
  add_model_name(app, args->model.name);
  app.add_option("-p,--prompt-tokens", args->prompts, "tokens of the prompt, or several numbers: 64,512")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("-n,--max-tokens", args->tokens, "new tokens")->capture_default_str();
  app.add_option("-t", args->threads, "numbers of threads to measure with: 1,2; default: that of --threads")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("-r,--repetitions", args->repetitions, "how often; medians are told")->capture_default_str();
  add_load_options(app, args->model);
  add_session_options(app, args->model);
  return [args](const CommonOptions& common) { return bench(*args, common); };
}

}  // namespace sotto::cli
