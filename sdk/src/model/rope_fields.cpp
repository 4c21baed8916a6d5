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

// A null is refused, not replaced by the format's base.
Result<double> read_theta(const Fields& f, const std::string& key, bool required) {
  SOTTO_ASSIGN(const double theta, required || f.says(key) ? f.positive(key) : Result<double>(kFormatTheta));
  if (theta <= 1) return f.wrong(key, "is not greater than 1");
  return theta;
}

// `prefix` is where the parameters of one rope lie: "rope_parameters.", "rope_scaling.", "llama.rope.scaling.".
Result<RopeScaling> read_scaling_type(const Fields& f, const std::string& prefix) {
  const std::string older = prefix + "type";  // GGUF's, and that of transformers until 4.43
  const std::string key = f.gguf() || (f.has(older) && !f.has(prefix + "rope_type")) ? older : prefix + "rope_type";
  if (!f.has(key) && !f.has(prefix + "factor")) return RopeScaling::none;
  if (!f.has(key) && f.gguf()) return RopeScaling::linear;  // what a lone factor means there
  SOTTO_ASSIGN(const std::string name, f.meta().string(key));
  for (const ScalingName& row : kScalings)
    if (row.name == name) return row.scaling;
  return f.wrong(key, "is '" + name + "', which this version does not compute; wanted: default, linear, dynamic, yarn or llama3",
                 ErrorCode::unsupported);
}

Status read_llama3(const Fields& f, const std::string& prefix, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.low_freq_factor, f.positive(prefix + "low_freq_factor"));
  SOTTO_ASSIGN(rope.high_freq_factor, f.positive(prefix + "high_freq_factor"));
  if (rope.high_freq_factor <= rope.low_freq_factor)
    return f.wrong(prefix + "high_freq_factor", "is not greater than low_freq_factor");
  return {};
}

Status read_yarn(const Fields& f, const std::string& prefix, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.beta_fast, f.positive_or(prefix + (f.gguf() ? "yarn_beta_fast" : "beta_fast"), 32));
  SOTTO_ASSIGN(rope.beta_slow, f.positive_or(prefix + (f.gguf() ? "yarn_beta_slow" : "beta_slow"), 1));
  SOTTO_ASSIGN(rope.truncate, f.flag_or(prefix + "truncate", !f.says(prefix + "truncate")));  // null is false
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

// What tells the positions the model was trained on: the field outside goes first in config.json, where all layers are of one kind.
std::string original_context_key(const Fields& f, const std::string& prefix, const Architecture& arch) {
  if (f.gguf()) return prefix + "original_context_length";
  const std::string own = "original_max_position_embeddings";
  return arch.windows != WindowRule::layer_types && f.has(own) ? own : prefix + own;
}

Status read_scaling(const Fields& f, const std::string& prefix, const ModelSpec& spec, RopeSpec& rope) {
  SOTTO_ASSIGN(rope.scaling, read_scaling_type(f, prefix));
  if (rope.scaling == RopeScaling::none) return {};
  SOTTO_ASSIGN(rope.factor, f.meta().number(prefix + "factor", 1.0, 1e6));
  rope.original_context = static_cast<double>(spec.max_context);
  if (f.gguf() || rope.scaling != RopeScaling::dynamic) {  // for which transformers looks at max_position_embeddings alone
    SOTTO_ASSIGN(rope.original_context, f.positive_or(original_context_key(f, prefix, *spec.architecture), rope.original_context));
  }
  if (rope.scaling == RopeScaling::llama3) return read_llama3(f, prefix, rope);
  return rope.scaling == RopeScaling::yarn ? read_yarn(f, prefix, rope) : Status();
}

Status read_gguf(const Fields& f, ModelSpec& spec, RopeSpec& global, RopeSpec& local) {
  const std::string rotary = f.key("rope.dimension_count", "");
  SOTTO_ASSIGN(spec.rotary_dim, f.size_or(rotary, spec.head_dim, kMaxWidth));
  if (spec.rotary_dim > spec.head_dim || spec.rotary_dim % 2 != 0)
    return f.wrong(rotary, "is " + std::to_string(spec.rotary_dim) + ", wanted an even number of at most the head's " +
                               std::to_string(spec.head_dim));
  SOTTO_ASSIGN(global.theta, read_theta(f, f.key("rope.freq_base", ""), spec.architecture->theta_required));
  SOTTO_ASSIGN(local.theta, read_theta(f, f.key("rope.freq_base_swa", ""), false));
  return read_scaling(f, f.key("rope.scaling.", ""), spec, global);
}

Status expect_object(const Fields& f, const std::string& key) {
  const formats::MetaValue* value = f.meta().find(key);  // nothing where it has members
  const formats::Json* json = value ? std::get_if<formats::Json>(value) : nullptr;
  if (!value || (json && json->as_object())) return {};
  return f.wrong(key, "is " + std::string(formats::kind_of(*value)) + ", wanted an object");
}

// The rope of one object of config.json; `outer_theta` is the older field for its base, outside.
Result<RopeSpec> read_rope(const Fields& f, const std::string& object, const std::string& outer_theta, const ModelSpec& spec) {
  const std::string prefix = object + ".", theta = prefix + "rope_theta";
  RopeSpec rope;
  SOTTO_ASSIGN(rope.theta,
               read_theta(f, f.says(theta) || !f.has(outer_theta) ? theta : outer_theta, spec.architecture->theta_required));
  SOTTO_TRY(read_scaling(f, prefix, spec, rope));
  return rope;
}

Status read_config(const Fields& f, const ModelSpec& spec, RopeSpec& global, RopeSpec& local) {
  // Since transformers 5 everything lies in rope_parameters, by kind of layer where there are two.
  const std::string now = "rope_parameters", older = "rope_scaling", full = now + ".full_attention",
                    sliding = now + ".sliding_attention";
  for (const std::string& object : {now, older, full, sliding}) SOTTO_TRY(expect_object(f, object));
  const bool two_kinds = spec.architecture->windows == WindowRule::layer_types, nested = f.has(full) || f.has(sliding);
  if (nested && !two_kinds) return f.wrong(now, "is by kind of layer, which this family does not have");
  const bool has_now = f.meta().has_members(now), has_older = f.meta().has_members(older);
  SOTTO_ASSIGN(global, read_rope(f, nested ? full : has_older && !has_now ? older : now, "rope_theta", spec));
  if (two_kinds) {
    SOTTO_ASSIGN(local, read_rope(f, sliding, "rope_local_base_freq", spec));
  }
  if (!has_now || !has_older) return {};
  // transformers takes the older one and with it, often, another base: nobody means that.
  SOTTO_ASSIGN(const RopeSpec other, read_rope(f, older, "rope_theta", spec));
  return other == global ? Status() : f.wrong(older, "says another rope than rope_parameters");
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
