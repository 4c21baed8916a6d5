// What the SDK's plain options mean inside. validate() of EngineOptions, ModelOptions and SessionOptions is in options.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/weights.h"
#include "ops/context.h"
#include "sotto/model.h"

namespace sotto::generate {

/// Collects every fault of a set of options, so that one error names all of them.
class OptionFaults {
 public:
  void add(std::string_view field, const std::string& got, std::string_view wanted);
  Status status() const;

 private:
  Error error_;
};

/// ModelOptions::quantize ("auto", "none" or a number type) and ::screen_head. Errors: invalid_argument.
Result<model::WeightPolicy> weight_policy(const ModelOptions& options);
/// ModelOptions::activations; nullopt: no such name.
std::optional<ops::ActivationWidth> activation_width(std::string_view name);

}  // namespace sotto::generate
