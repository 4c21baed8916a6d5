#include <algorithm>
#include <cmath>

#include "model/fields.h"

namespace sotto::model {
namespace {

constexpr double kFormatTheta = 10000;  // what both formats meant before files said it

struct ScalingName {
  std::string_view name;
  RopeScaling scaling;
};
constexpr ScalingName kScalings[] = {{"default", RopeScaling::none},  {"none", RopeScaling::none},
                                     {"linear", RopeScaling::linear}, {"dynamic", RopeScaling::dynamic},
                                     {"yarn", RopeScaling::yarn},     {"llama3", RopeScaling::llama3}};

// `prefix` is where the parameters of one rope lie: "rope_parameters.", "rope_scaling.", "llama.rope.scaling.".
Result<RopeScaling> read_scaling_type(const Fields& f, const std::string& prefix) {
  std::string key = prefix + (f.gguf() ? "type" : "rope_type");
  if (!f.gguf() && !f.has(key)) key = prefix + "type";  // until transformers 4.43
  // A GGUF file that says only a factor means a linear one.
  if (!f.has(key)) return f.gguf() && f.has(prefix + "factor") ? RopeScaling::linear : RopeScaling::none;
  SOTTO_ASSIGN(const std::string name, f.meta().string(key));
  for (const ScalingName& row : kScalings)
    if (row.name == name) return row.scaling;
  return f.wrong(key, "is '" + name + "', which this version does not compute; wanted: default, linear, dynamic, yarn or llama3",
                 ErrorCode::unsupported);
}

Status read_llama3(const Fields& f, const std::string& prefix, const std::string& original, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.original_context, f.positive(original));
  SOTTO_ASSIGN(rope.low_freq_factor, f.positive(prefix + "low_freq_factor"));
  SOTTO_ASSIGN(rope.high_freq_factor, f.positive(prefix + "high_freq_factor"));
  if (rope.high_freq_factor <= rope.low_freq_factor)
    return f.wrong(prefix + "high_freq_factor", "is not greater than low_freq_factor");
  return {};
}

Status read_yarn(const Fields& f, const std::string& prefix, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.beta_fast, f.positive_or(prefix + (f.gguf() ? "yarn_beta_fast" : "beta_fast"), 32));
  SOTTO_ASSIGN(rope.beta_slow, f.positive_or(prefix + (f.gguf() ? "yarn_beta_slow" : "beta_slow"), 1));
  SOTTO_ASSIGN(rope.truncate, f.flag_or(prefix + "truncate", true));
  const auto by_factor = [&](double weight) { return rope.factor <= 1 ? 1.0 : 0.1 * weight * std::log(rope.factor) + 1.0; };
  double by_rule = by_factor(1);
  if (f.has(prefix + "mscale") && f.has(prefix + "mscale_all_dim")) {
    SOTTO_ASSIGN(const double part, f.positive(prefix + "mscale"));
    SOTTO_ASSIGN(const double all, f.positive(prefix + "mscale_all_dim"));
    by_rule = by_factor(part) / by_factor(all);
  }
  // GGUF's attn_factor multiplies the rule, the Hugging Face field replaces it.
  if (f.gguf()) {
    SOTTO_ASSIGN(const double given, f.positive_or(prefix + "attn_factor", 1));
    rope.attention_factor = by_rule * given;
  } else {
    SOTTO_ASSIGN(rope.attention_factor, f.positive_or(prefix + "attention_factor", by_rule));
  }
  return {};
}

Status read_scaling(const Fields& f, const std::string& prefix, const ModelSpec& spec, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.scaling, read_scaling_type(f, prefix));
  if (rope.scaling == RopeScaling::none) return {};
  SOTTO_ASSIGN(rope.factor, f.meta().number(prefix + "factor", 1.0, 1e6));
  const std::string original = prefix + (f.gguf() ? "original_context_length" : "original_max_position_embeddings");
  if (rope.scaling == RopeScaling::llama3) return read_llama3(f, prefix, original, rope);
  SOTTO_ASSIGN(rope.original_context, f.positive_or(original, static_cast<double>(spec.max_context)));
  return rope.scaling == RopeScaling::yarn ? read_yarn(f, prefix, rope) : Status();
}

Status read_gguf(const Fields& f, ModelSpec& spec, RopeSpec& global, RopeSpec& local) {
  const std::string rotary = f.key("rope.dimension_count", ""), theta = f.key("rope.freq_base", "");
  SOTTO_ASSIGN(spec.rotary_dim, f.size_or(rotary, spec.head_dim, kMaxWidth));
  if (spec.rotary_dim > spec.head_dim || spec.rotary_dim % 2 != 0)
    return f.wrong(rotary, "is " + std::to_string(spec.rotary_dim) + ", wanted an even number of at most the head's " +
                               std::to_string(spec.head_dim));
  SOTTO_ASSIGN(global.theta, spec.architecture->theta_required ? f.positive(theta) : f.positive_or(theta, kFormatTheta));
  SOTTO_ASSIGN(local.theta, f.positive_or(f.key("rope.freq_base_swa", ""), kFormatTheta));
  return read_scaling(f, f.key("rope.scaling.", ""), spec, global);
}

Status read_config(const Fields& f, const ModelSpec& spec, RopeSpec& global, RopeSpec& local) {
  const Architecture& arch = *spec.architecture;
  const auto theta = [&](const std::string& key) {
    return arch.theta_required ? f.positive(key) : f.positive_or(key, kFormatTheta);
  };
  // Since transformers 5 everything lies in rope_parameters, by kind of layer where there are two.
  if (f.has("rope_parameters.full_attention.rope_theta") || f.has("rope_parameters.sliding_attention.rope_theta")) {
    SOTTO_ASSIGN(global.theta, theta("rope_parameters.full_attention.rope_theta"));
    SOTTO_TRY(read_scaling(f, "rope_parameters.full_attention.", spec, global));
    SOTTO_ASSIGN(local.theta, theta("rope_parameters.sliding_attention.rope_theta"));
    return read_scaling(f, "rope_parameters.sliding_attention.", spec, local);
  }
  SOTTO_ASSIGN(global.theta, theta(f.has("rope_parameters.rope_theta") ? "rope_parameters.rope_theta" : "rope_theta"));
  if (arch.windows == WindowRule::layer_types) {
    SOTTO_ASSIGN(local.theta, theta("rope_local_base_freq"));
  }
  return read_scaling(f, f.has("rope_parameters.rope_type") ? "rope_parameters." : "rope_scaling.", spec, global);
}

}  // namespace

Status read_ropes(const Fields& f, ModelSpec& spec) {
  const Architecture& arch = *spec.architecture;
  spec.rope_pairs = f.gguf() && arch.gguf_neighbour_pairs ? kernels::RopePairs::neighbours : kernels::RopePairs::halves;
  spec.rotary_dim = spec.head_dim;
  RopeSpec global, local;
  SOTTO_TRY(f.gguf() ? read_gguf(f, spec, global, local) : read_config(f, spec, global, local));
  spec.ropes = {global};
  if (arch.windows == WindowRule::layer_types) spec.ropes.push_back(local);
  // YaRN was trained to see that much more. Dynamic scaling was not: it changes the numbers of short texts when the context grows.
  if (global.scaling == RopeScaling::yarn)
    spec.max_context =
        std::max(spec.max_context, static_cast<size_t>(std::min(global.original_context * global.factor, double{kMaxContext})));
  return {};
}

}  // namespace sotto::model
