#include <CLI/CLI.hpp>
#include <memory>

#include "file.h"
#include "model_args.h"
#include "output.h"
#include "token_ids.h"

namespace sotto::cli {
namespace {

struct TokenizeArgs {
  std::string model;
  bool special = false, no_bos = false, decode = false;
};

Status encode(const Tokenizer& tokenizer, std::string_view text, const TokenizeArgs& args, const CommonOptions& common) {
  SOTTO_ASSIGN(const auto ids, tokenizer.encode(text, {.add_special = !args.no_bos, .parse_special = args.special}));
  return common.json ? print_json({{"ids", ids}}) : print(join_ids(ids) + "\n");
}

/// The inverse: a BOS that encoding put in front is no part of the text. What is printed ends where the text ends.
Status decode(const Tokenizer& tokenizer, std::string_view input, const TokenizeArgs& args, const CommonOptions& common) {
  SOTTO_ASSIGN(const auto ids, parse_ids(input));
  std::span<const TokenId> rest = ids;
  if (!args.no_bos && tokenizer.adds_bos() && !rest.empty() && rest.front() == tokenizer.bos()) rest = rest.subspan(1);
  SOTTO_ASSIGN(const std::string text, tokenizer.decode(rest));
  return common.json ? print_json({{"text", text}}) : print(text);
}

Status tokenize(const TokenizeArgs& args, const CommonOptions& common) {
  SOTTO_ASSIGN(const std::string path, find_model(args.model));
  SOTTO_ASSIGN(const Tokenizer tokenizer, Tokenizer::open(path));
  for (const std::string& warning : tokenizer.warnings()) warn(common, warning);
  SOTTO_ASSIGN(const std::string input, read_file("-"));
  return args.decode ? decode(tokenizer, input, args, common) : encode(tokenizer, input, args, common);
}

}  // namespace

Action declare_tokenize(CLI::App& app) {
  const auto args = std::make_shared<TokenizeArgs>();
  add_model_name(app, args->model);
  app.add_flag("--special", args->special, "text that spells a control token becomes that token");
  app.add_flag("--no-bos", args->no_bos, "add no BOS, and with --decode keep one in front");
  app.add_flag("--decode", args->decode, "ids from stdin back to text");
  return [args](const CommonOptions& common) { return tokenize(*args, common); };
}

}  // namespace sotto::cli
