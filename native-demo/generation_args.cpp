#include "generation_args.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "output.h"

namespace sotto::cli {
namespace {

constexpr double kMaxTimeoutSeconds = 1e9;

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string shortest(double value) {
  std::string text = fixed(value, 6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

void add_option(CLI::App& app, const OptionInfo& info, GenerationOptions& options) {
  const std::string name = (info.name == "max_tokens" ? "-n,--" : "--") + dashed(info.name);
  std::string help(info.help);
  if (info.kind == OptionInfo::Kind::boolean) {
    app.add_flag_function(name, [&](int64_t count) { info.set(options, count > 0 ? 1 : 0); }, help);
    return;
  }
  help += "; " + shortest(info.min) + " to " + shortest(info.max) + ", default " + shortest(info.get(options));
  if (info.kind == OptionInfo::Kind::real) {
    app.add_option_function<double>(name, [&](double value) { info.set(options, value); }, help);
    return;
  }
  // A double holds integers up to 2^53, and no option goes as far as that.
  static constexpr int64_t kMax = int64_t{1} << 53;
  app.add_option_function<int64_t>(
      name, [&](int64_t value) { info.set(options, static_cast<double>(std::clamp(value, -kMax, kMax))); }, help);
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

void add_bias(const std::string& text, GenerationOptions& options) {
  const size_t equals = text.find('=');
  LogitBias bias;
  if (equals == std::string::npos || !read_number(std::string_view(text).substr(0, equals), bias.token) ||
      !read_number(std::string_view(text).substr(equals + 1), bias.bias))
    throw CLI::ValidationError("--logit-bias", "'" + text + "' is not of the form ID=VALUE");
  options.logit_bias.push_back(bias);
}

/// One value each time the option is given. A vector would take the rest of the line, and cut "[a,b]" in two.
CLI::Option* add_repeatable(CLI::App& app, const std::string& name, std::function<void(const std::string&)> take,
                            const std::string& help) {
  return app.add_option_function<std::string>(name, std::move(take), help)->trigger_on_parse();
}

}  // namespace

Status GenerationArgs::check() const {
  SOTTO_TRY(options.validate());
  if (timeout_s >= 0 && timeout_s <= kMaxTimeoutSeconds) return {};
  return Error{ErrorCode::invalid_argument, "timeout is " + shortest(timeout_s) + ", wanted 0 to " + shortest(kMaxTimeoutSeconds),
               "timeout"};
}

GenerationOptions GenerationArgs::begin(CancelToken cancel) const {
  GenerationOptions begun = options;
  begun.cancel = std::move(cancel);
  if (timeout_s > 0) begun.deadline = Deadline::in(std::chrono::nanoseconds(static_cast<int64_t>(timeout_s * 1e9)));
  return begun;
}

void add_generation_options(CLI::App& app, GenerationArgs& args) {
  GenerationOptions& options = args.options;
  for (const OptionInfo& info : generation_options()) add_option(app, info, options);
  add_repeatable(
      app, "--stop", [&](const std::string& text) { options.stop.push_back(text); },
      "a text that ends the answer; may be given more than once");
  add_repeatable(
      app, "--logit-bias", [&](const std::string& text) { add_bias(text, options); },
      "ID=VALUE, added to the logit of a token; may be given more than once");
  app.add_option("--timeout", args.timeout_s, "seconds after which an answer ends as it is; 0: none");
}

}  // namespace sotto::cli
