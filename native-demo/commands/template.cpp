#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "file.h"
#include "model_args.h"
#include "output.h"

namespace sotto::cli {
namespace {

struct Source {
  std::string text;
  std::vector<std::pair<std::string, std::string>> defaults;  // variables that the model knows
};

/// A GGUF file tells its template among its keys, without a weight being read; that of a folder is known when the model is open.
Result<std::string> template_of_model(const std::string& path, const CommonOptions& common) {
  SOTTO_ASSIGN(const Inspection found, sotto::inspect(path));
  for (const auto& [key, value] : found.metadata)
    if (key == "tokenizer.chat_template") return value;
  const Error none{ErrorCode::unsupported, "the model has no chat template", path};
  if (found.format == "gguf") return none;
  ModelOptions options;
  options.quantize = "none";
  options.warm_up = false;
  SOTTO_ASSIGN(const Engine engine, Engine::make(common.engine));
  SOTTO_ASSIGN(const Model model, Model::open(path, options, engine));
  if (!model.chat_template()) return none;
  return model.chat_template()->source();
}

Result<Source> read_template(const std::string& name, const CommonOptions& common) {
  Source source;
  if (name.ends_with(".jinja")) {
    SOTTO_ASSIGN(source.text, read_file(name));
    return source;
  }
  SOTTO_ASSIGN(const std::string path, find_model(name));
  SOTTO_ASSIGN(source.text, template_of_model(path, common));
  if (const auto tokenizer = Tokenizer::open(path)) {
    if (tokenizer->bos()) source.defaults.emplace_back("bos_token", tokenizer->piece(*tokenizer->bos()));
    if (tokenizer->eos()) source.defaults.emplace_back("eos_token", tokenizer->piece(*tokenizer->eos()));
  }
  return source;
}

/// Puts the defaults that are absent in front of the other members. The text stays as it is: it may be deep, and the order of its
/// members shows in what is rendered.
std::string with_defaults(std::string variables, const Source& source) {
  const auto outermost = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 1; };
  const auto given = nlohmann::json::parse(variables, outermost, false);
  if (!given.is_object()) return variables;  // rendering tells what is wrong
  std::string members;
  for (const auto& [name, value] : source.defaults)
    if (!given.contains(name))
      members += Json(name).dump() + ":" + Json(value).dump(-1, ' ', false, Json::error_handler_t::replace) +
                 (given.empty() && members.empty() ? "" : ",");
  return variables.insert(variables.find('{') + 1, members);
}

}  // namespace

Action declare_template(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  app.add_option("MODEL", *name, "a model, as in the other commands, or a .jinja file")->required();
  return [name](const CommonOptions& common) -> Status {
    SOTTO_ASSIGN(const Source source, read_template(*name, common));
    SOTTO_ASSIGN(const ChatTemplate chat_template, ChatTemplate::parse(source.text));
    SOTTO_ASSIGN(std::string variables, read_file("-"));
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    SOTTO_ASSIGN(const std::string text, chat_template.render_json(with_defaults(std::move(variables), source), now.count()));
    return common.json ? print_json({{"text", text}}) : print(text);
  };
}

}  // namespace sotto::cli
