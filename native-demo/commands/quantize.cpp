#include "sotto/quantize.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "interrupt.h"
#include "model_args.h"
#include "output.h"

namespace sotto::cli {
namespace {

struct QuantizeArgs {
  std::string input, output;
  QuantizeOptions options;
};

Status quantize(QuantizeArgs& args, const CommonOptions& common) {
  SOTTO_ASSIGN(const std::string path, find_model(args.input));
  const Interrupt interrupt;
  Progress progress("quantizing", common);
  args.options.control.cancel = interrupt.token();
  args.options.progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); };
  SOTTO_ASSIGN(const QuantizeReport report, quantize_file(path, args.output, args.options));
  if (!report.kept.empty()) {
    const size_t n_more = report.kept.size() - 1;
    warn(common, "F16, because a row is no multiple of a block of " + args.options.type + ": " + report.kept.front() +
                     (n_more ? " and " + std::to_string(n_more) + " more" : ""));
  }
  if (common.json)
    return print_json({{"file", args.output},
                       {"type", args.options.type},
                       {"input_bytes", report.input_bytes},
                       {"output_bytes", report.output_bytes},
                       {"quantized", report.quantized},
                       {"kept", report.kept}});
  return print(args.output + ": " + readable_bytes(report.input_bytes) + " of tensors became a file of " +
               readable_bytes(report.output_bytes) + "\n");
}

}  // namespace

Action declare_quantize(CLI::App& app) {
  const auto args = std::make_shared<QuantizeArgs>();
  app.add_option("IN", args->input, "a model, as in the other commands")->required();
  app.add_option("OUT", args->output, "the .gguf file to write")->required();
  app.add_option("--type", args->options.type, "q8_0, q4_0 or f16")->capture_default_str();
  return [args](const CommonOptions& common) { return quantize(*args, common); };
}

}  // namespace sotto::cli
