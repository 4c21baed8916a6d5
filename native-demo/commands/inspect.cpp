#include <CLI/CLI.hpp>
#include <memory>

#include "model_args.h"
#include "result_json.h"

namespace sotto::cli {
namespace {

std::string shape_text(std::span<const uint64_t> shape) {
  std::string text;
  for (const uint64_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
  return "(" + text + ")";
}

std::string to_text(const Inspection& found) {
  std::string text = "format        " + found.format + "\narchitecture  " + found.architecture + "\nsupported     " +
                     (found.supported ? "yes" : "no: " + found.unsupported_reason) + "\nparameters    " +
                     std::to_string(found.parameters) + "\ntensors       " + std::to_string(found.tensors.size()) + ", " +
                     readable_bytes(found.tensor_bytes) + "\n\n";
  for (const auto& [key, value] : found.metadata) text += key + " = " + value + "\n";
  text += "\n";
  for (const Inspection::Tensor& tensor : found.tensors)
    text += tensor.name + "  " + tensor.type + "  " + shape_text(tensor.shape) + "\n";
  return text;
}

}  // namespace

Action declare_inspect(CLI::App& app) {
  const auto model = std::make_shared<std::string>();
  add_model_name(app, *model);
  return [model](const CommonOptions& common) -> Status {
    SOTTO_ASSIGN(const std::string path, find_model(*model));
    SOTTO_ASSIGN(const Inspection found, sotto::inspect(path));
    return common.json ? print_json(json_of(found)) : print(to_text(found));
  };
}

}  // namespace sotto::cli
