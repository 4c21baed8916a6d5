// What `sotto bench` measures, as a program small enough for a page: prefill and decode over the public SDK.
//   engine_bench MODEL [--target NAME] [--threads N] [--prompt N] [--new N] [--rounds N]
// Prints one JSON object on stdout: medians and each round. An error goes to stderr, status 1; wrong usage is 2.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/engine.h"
#include "sotto/generation.h"
#include "sotto/model.h"
#include "sotto/session.h"

namespace {

using sotto::Result;
using sotto::Status;

struct Args {
  const char *model = nullptr, *target = "auto";
  size_t threads = 1, prompt = 512, new_tokens = 64, rounds = 3;
};

/// What was measured, a number per round.
struct Rounds {
  std::vector<double> first_token_ms, prefill_tps, decode_tps;
};

bool parse_count(const char* text, size_t& count) {
  const char* end = text + std::strlen(text);
  const auto [rest, fault] = std::from_chars(text, end, count);
  return fault == std::errc() && rest == end && count > 0;
}

bool parse(int argc, char** argv, Args& args) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    size_t* count = word == "--threads"  ? &args.threads
                    : word == "--prompt" ? &args.prompt
                    : word == "--new"    ? &args.new_tokens
                    : word == "--rounds" ? &args.rounds
                                         : nullptr;
    if (word == "--target") {
      if (++i == argc) return false;
      args.target = argv[i];
    } else if (count != nullptr) {
      if (++i == argc || !parse_count(argv[i], *count)) return false;
    } else if (args.model != nullptr || word.starts_with("-")) {
      return false;
    } else {
      args.model = argv[i];
    }
  }
  return args.model != nullptr && args.new_tokens > 1;  // the first token is no part of decoding
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void print_rounds(const char* name, const std::vector<double>& values, const char* end) {
  std::printf("\"%s\": %.3f, \"%s_rounds\": [", name, median(values), name);
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%.3f", i == 0 ? "" : ", ", values[i]);
  std::printf("]%s", end);
}

Status measure(const Args& args) {
  sotto::EngineOptions engine_options;
  engine_options.threads = args.threads;
  engine_options.target = args.target;
  SOTTO_ASSIGN(const sotto::Engine engine, sotto::Engine::make(engine_options));
  sotto::ModelOptions model_options;
  model_options.tokenizer_required = false;
  SOTTO_ASSIGN(const sotto::Model model, sotto::Model::open(args.model, model_options, engine));
  sotto::SessionOptions session_options;
  session_options.context = args.prompt + args.new_tokens;
  SOTTO_ASSIGN(sotto::Session session, model.new_session(session_options));

  // Any ids will do, since nothing is said about the text.
  std::vector<sotto::TokenId> prompt(args.prompt);
  for (size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<sotto::TokenId>(100 + (i * 7919) % 20000);
  sotto::GenerationOptions options;
  options.ignore_eos = true;
  // Browsers compile well what they have seen running; the page of wllama warms up by as much.
  options.max_tokens = std::min<int64_t>(8, static_cast<int64_t>(args.new_tokens));
  SOTTO_TRY(session.generate(std::span(prompt).first(std::min<size_t>(32, prompt.size())), options).result());
  options.max_tokens = static_cast<int64_t>(args.new_tokens);
  Rounds rounds;
  for (size_t i = 0; i < args.rounds; ++i) {
    SOTTO_TRY(session.rewind(0));
    SOTTO_ASSIGN(const sotto::GenerationResult result, session.generate(prompt, options).result());
    rounds.first_token_ms.push_back(result.timings.first_token_ms);
    rounds.prefill_tps.push_back(result.timings.prefill_tps);
    rounds.decode_tps.push_back(result.timings.decode_tps);
  }
  std::printf("{\"target\": \"%s\", \"threads\": %zu, \"load_ms\": %.1f, ", std::string(engine.target()).c_str(), engine.threads(),
              model.info().load_ms);
  print_rounds("first_token_ms", rounds.first_token_ms, ", ");
  print_rounds("prefill_tps", rounds.prefill_tps, ", ");
  print_rounds("decode_tps", rounds.decode_tps, "}\n");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Args args;
  if (!parse(argc, argv, args)) {
    std::fputs(
        "usage: engine_bench MODEL [--target NAME] [--threads N] [--prompt N] [--new N] [--rounds N]; at least 2 new tokens\n",
        stderr);
    return 2;
  }
  if (const Status status = measure(args); !status) {
    const std::string code(to_string(status.error().code));
    std::fprintf(stderr, "error: %s: %s\n", code.c_str(), status.error().message.c_str());
    return 1;
  }
  return 0;
}
