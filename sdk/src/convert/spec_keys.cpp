// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; keys beyond that: llama.cpp's gguf-py/gguf/constants.py.
#include "convert/spec_keys.h"

#include <algorithm>
#include <cmath>

#include "model/arch/architecture.h"

namespace sotto::convert {
namespace {

using formats::Metadata;
using model::ModelSpec;
using model::RopeScaling;
using model::RopeSpec;

bool near(double a, double b) {
  return std::fabs(a - b) <= 1e-6 * std::fabs(b);
}

/// The first of these fields that the file has.
std::string present(const Metadata& config, std::initializer_list<std::string_view> fields) {
  for (const std::string_view field : fields)
    if (config.has(field)) return std::string(field);
  return std::string(*fields.begin());
}

Error cannot_say(const Metadata& config, const std::string& field, const ModelSpec& spec) {
  const std::string family(gguf_family(*spec.architecture).gguf_name);
  return {ErrorCode::unsupported,
          config.source() + ": " + field + " has a value that a GGUF file of the architecture '" + family + "' cannot say", field};
}

std::string general_name(const Metadata& config, const ModelSpec& spec) {
  const auto path = config.string("_name_or_path");
  const std::string name = path ? path->substr(path->find_last_of("/\\") + 1) : std::string();
  return name.empty() ? std::string(spec.architecture->hf_model_type) : name;
}

void add_scaling(const std::string& prefix, const RopeSpec& rope, Keys& keys) {
  if (rope.scaling != RopeScaling::linear && rope.scaling != RopeScaling::yarn) return;  // llama3 becomes a tensor
  keys.emplace_back(prefix + "type", std::string(rope.scaling == RopeScaling::linear ? "linear" : "yarn"));
  keys.emplace_back(prefix + "factor", number(rope.factor));
  if (rope.scaling == RopeScaling::linear) return;
  keys.emplace_back(prefix + "original_context_length", integer(static_cast<size_t>(rope.original_context)));
  keys.emplace_back(prefix + "yarn_beta_fast", number(rope.beta_fast));
  keys.emplace_back(prefix + "yarn_beta_slow", number(rope.beta_slow));
  // Readers multiply it with the rule of the paper.
  const double by_rule = 0.1 * std::log(rope.factor) + 1;
  if (!near(rope.attention_factor, by_rule)) keys.emplace_back(prefix + "attn_factor", number(rope.attention_factor / by_rule));
}

Keys written_keys(const Metadata& config, const ModelSpec& spec) {
  const std::string family(gguf_family(*spec.architecture).gguf_name), prefix = family + ".";
  Keys keys;
  keys.emplace_back("general.architecture", family);
  keys.emplace_back("general.name", general_name(config, spec));
  keys.emplace_back(prefix + "vocab_size", integer(spec.n_vocab));
  keys.emplace_back(prefix + "context_length", integer(spec.max_context));
  keys.emplace_back(prefix + "embedding_length", integer(spec.dim));
  keys.emplace_back(prefix + "block_count", integer(spec.n_layers));
  keys.emplace_back(prefix + "feed_forward_length", integer(spec.ffn_dim));
  keys.emplace_back(prefix + "attention.head_count", integer(spec.n_heads));
  keys.emplace_back(prefix + "attention.head_count_kv", integer(spec.n_kv_heads));
  keys.emplace_back(prefix + "attention.key_length", integer(spec.head_dim));
  keys.emplace_back(prefix + "attention.value_length", integer(spec.head_dim));
  const char* eps = spec.norm == model::NormKind::rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
  keys.emplace_back(prefix + eps, number(spec.norm_eps));
  if (spec.max_window() > 0) keys.emplace_back(prefix + "attention.sliding_window", integer(spec.max_window()));
  if (spec.attention_soft_cap > 0) keys.emplace_back(prefix + "attn_logit_softcapping", number(spec.attention_soft_cap));
  if (spec.logit_soft_cap > 0) keys.emplace_back(prefix + "final_logit_softcapping", number(spec.logit_soft_cap));
  if (spec.positions != model::PositionKind::rope) return keys;
  keys.emplace_back(prefix + "rope.dimension_count", integer(spec.rotary_dim));
  keys.emplace_back(prefix + "rope.freq_base", number(spec.ropes[0].theta));
  if (spec.ropes.size() > 1) keys.emplace_back(prefix + "rope.freq_base_swa", number(spec.ropes[1].theta));
  add_scaling(prefix + "rope.scaling.", spec.ropes[0], keys);
  return keys;
}

/// What a reader takes the keys for.
Result<ModelSpec> read_back(const Metadata& config, const Keys& keys, const std::vector<TensorJob>& jobs) {
  formats::ModelFile file;
  file.metadata = as_metadata(keys, config.source());
  for (const TensorJob& job : jobs) {
    formats::TensorEntry tensor;
    tensor.name = job.name;
    tensor.type = job.type;
    tensor.shape = job.shape();
    file.tensors.push_back(std::move(tensor));
  }
  return model::read_spec(file);
}

bool same_rope(RopeSpec wanted, const RopeSpec& got, bool has_factors) {
  if (wanted.scaling == RopeScaling::llama3 && has_factors) wanted.scaling = RopeScaling::none;
  if (wanted.scaling == RopeScaling::dynamic || wanted.scaling != got.scaling || !near(got.theta, wanted.theta)) return false;
  if (wanted.scaling == RopeScaling::none) return true;
  if (!near(got.factor, wanted.factor)) return false;
  if (wanted.scaling == RopeScaling::linear) return true;
  return got.original_context == wanted.original_context && near(got.beta_fast, wanted.beta_fast) &&
         near(got.beta_slow, wanted.beta_slow) && near(got.attention_factor, wanted.attention_factor) &&
         got.truncate == wanted.truncate;
}

Status check_ropes(const Metadata& config, const ModelSpec& spec, const ModelSpec& got, const std::vector<TensorJob>& jobs) {
  const bool has_factors = std::any_of(jobs.begin(), jobs.end(), [](const TensorJob& job) { return !job.source; });
  for (size_t i = 0; i < spec.ropes.size(); ++i) {
    if (same_rope(spec.ropes[i], got.ropes[i], has_factors)) continue;
    return cannot_say(config,
                      present(config, {"rope_parameters.rope_type", "rope_parameters.full_attention.rope_type",
                                       "rope_scaling.rope_type", "rope_scaling.type", "rope_theta"}),
                      spec);
  }
  return {};
}

/// The norm of q is in front of the product with k: a factor of one is a factor of the other.
Status move_score_scale(const Metadata& config, const ModelSpec& spec, const ModelSpec& got, std::vector<TensorJob>& jobs) {
  for (size_t i = 0; i < spec.n_layers; ++i) {
    const float ratio = spec.layers[i].attention_scale / got.layers[i].attention_scale;
    if (near(ratio, 1)) continue;
    const std::string name = "blk." + std::to_string(i) + ".attn_q_norm.weight";
    const auto norm = std::find_if(jobs.begin(), jobs.end(), [&](const TensorJob& job) { return job.name == name; });
    if (norm == jobs.end()) {
      const model::ConfigNames& names = spec.architecture->config;
      return cannot_say(config, std::string(i == 0 ? names.scores_scaled : names.scores_by_layer), spec);
    }
    norm->factor = ratio;
  }
  return {};
}

}  // namespace

Result<Keys> spec_keys(const formats::ModelFile& file, const ModelSpec& spec, std::vector<TensorJob>& jobs) {
  const Metadata& config = file.metadata;
  Keys keys = written_keys(config, spec);
  const auto read = read_back(config, keys, jobs);
  if (!read)
    return Error{ErrorCode::unsupported, "a GGUF file cannot hold this configuration: " + read.error().message, read.error().where};
  const ModelSpec& got = *read;
  if (got.activation != spec.activation) return cannot_say(config, std::string(spec.architecture->config.activation), spec);
  for (size_t i = 0; i < spec.n_layers; ++i)
    if (got.layers[i].window != spec.layers[i].window || got.layers[i].rope != spec.layers[i].rope)
      return cannot_say(config, present(config, {"layer_types", "max_window_layers", "sliding_window_pattern"}), spec);
  SOTTO_TRY(check_ropes(config, spec, got, jobs));
  SOTTO_TRY(move_score_scale(config, spec, got, jobs));
  return keys;
}

}  // namespace sotto::convert
