#include "generate/options.h"

#include <algorithm>

#include "kernels/dispatch.h"
#include "sotto/model.h"

namespace sotto {
namespace generate {

void OptionFaults::add(std::string_view field, const std::string& got, std::string_view wanted) {
  if (error_.message.empty())
    error_ = {ErrorCode::invalid_argument, "", std::string(field)};
  else
    error_.message += "; ";
  error_.message.append(field).append(" is ").append(got).append(", wanted ").append(wanted);
}

Status OptionFaults::status() const {
  return error_.message.empty() ? Status() : Status(error_);
}

std::optional<ops::ActivationWidth> activation_width(std::string_view name) {
  using ops::ActivationWidth;
  if (name == "auto") return ActivationWidth::by_type;
  if (name == "i16") return ActivationWidth::i16;
  if (name == "f32") return ActivationWidth::f32;
  return std::nullopt;
}

Result<model::WeightPolicy> weight_policy(const ModelOptions& options) {
  const std::string& quantize = options.quantize;
  const bool screens = options.screen_head && options.activations == "auto";  // screens are of rounded activations
  model::WeightPolicy policy{.head_screen = screens ? model::HeadScreen::automatic : model::HeadScreen::off};
  policy.keep = quantize == "none";
  if (quantize == "auto" || policy.keep) return policy;
  const quant::TypeInfo* type = quant::find_by_name(quantize);
  if (type && type->computed() && type->encode && type->block_size <= kernels::kColumnBlock) {
    policy.type = type->type;
    return policy;
  }
  std::string wanted = "auto, none";
  for (const quant::TypeInfo& known : quant::all_types())
    if (known.computed() && known.encode && known.block_size <= kernels::kColumnBlock) wanted += ", " + std::string(known.name);
  OptionFaults faults;
  faults.add("quantize", "\"" + quantize + "\"", "one of " + wanted);
  return faults.status().error();
}

}  // namespace generate

using generate::OptionFaults;

Status EngineOptions::validate() const {
  constexpr size_t kMaxThreads = 64;
  OptionFaults faults;
  if (threads > kMaxThreads) faults.add("threads", std::to_string(threads), "0 to 64");
  std::string names = "auto";
  for (const kernels::KernelTable* table : kernels::compiled_tables()) names += std::string(", ") + table->name;
  const auto has_name = [&](const kernels::KernelTable* table) { return target == table->name; };
  if (target != "auto" && std::none_of(kernels::compiled_tables().begin(), kernels::compiled_tables().end(), has_name))
    faults.add("target", "\"" + target + "\"", "one of " + names);
  return faults.status();
}

Status ModelOptions::validate() const {
  OptionFaults faults;
  if (!generate::activation_width(activations)) faults.add("activations", "\"" + activations + "\"", "auto, i16 or f32");
  const auto policy = generate::weight_policy(*this);
  if (policy) return faults.status();
  if (const Status others = faults.status(); !others)
    return Error{ErrorCode::invalid_argument, policy.error().message + "; " + others.error().message, policy.error().where};
  return policy.error();
}

Status SessionOptions::validate() const {
  constexpr size_t kMaxContext = size_t{1} << 24, kMaxChunk = 4096;
  OptionFaults faults;
  if (context > kMaxContext) faults.add("context", std::to_string(context), "0 to 16777216");
  if (cache > CacheType::q8_0) faults.add("cache", std::to_string(static_cast<int>(cache)), "f32, f16 or q8_0");
  if (prefill_chunk < 1 || prefill_chunk > kMaxChunk) faults.add("prefill_chunk", std::to_string(prefill_chunk), "1 to 4096");
  return faults.status();
}

}  // namespace sotto
