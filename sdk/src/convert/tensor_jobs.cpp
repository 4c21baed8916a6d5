#include "convert/tensor_jobs.h"

#include <algorithm>
#include <tuple>

#include "kernels/dispatch.h"
#include "model/arch/architecture.h"
#include "model/rope.h"
#include "model/weights_plan.h"

namespace sotto::convert {
namespace {

using model::Role;
using quant::DType;

const model::TensorRule* find_rule(const model::Architecture& architecture, Role role) {
  const auto rule = std::find_if(architecture.tensors.begin(), architecture.tensors.end(),
                                 [&](const model::TensorRule& r) { return r.role == role; });
  return rule == architecture.tensors.end() ? nullptr : &*rule;
}

std::string gguf_name(const model::TensorRule& rule, size_t layer) {
  std::string name(rule.gguf);
  if (const size_t at = name.find("{}"); at != std::string::npos) name.replace(at, 2, std::to_string(layer));
  return name;
}

bool is_rotated(Role role) {
  return role == Role::q || role == Role::q_bias || role == Role::k || role == Role::k_bias;
}

TensorJob make_job(const model::WeightItem& item, const model::ModelSpec& spec, bool from_gguf, DType type) {
  const model::TensorRule& rule = *find_rule(*spec.architecture, item.role);
  TensorJob job;
  job.name = gguf_name(rule, item.layer);
  job.source = item.tensor;
  job.is_matrix = item.is_matrix;
  job.rows = item.is_matrix ? item.matrix.n_rows : item.n_floats;
  job.columns = item.is_matrix ? item.matrix.n_cols : 1;
  job.quantizable = item.is_matrix && item.role != Role::position_embedding;
  job.type = !job.quantizable ? DType::f32 : job.columns % quant::info(type).block_size == 0 ? type : DType::f16;
  if (item.transposed) job.order = RowOrder::transposed;
  if (!from_gguf && gguf_family(*spec.architecture).gguf_neighbour_pairs && is_rotated(item.role)) {
    job.order = RowOrder::halves;
    job.head_dim = spec.head_dim;
  }
  if (model::is_norm_weight(item.role)) job.added = spec.norm_weight_offset;
  return job;
}

/// Llama 3's scaling, as GGUF has it: what divides the frequency of each pair.
TensorJob rope_factors(const model::ModelSpec& spec, const model::TensorRule& rule) {
  model::RopeSpec plain;
  plain.theta = spec.ropes[0].theta;
  const auto from = model::rope_frequencies(plain, spec.rotary_dim, spec.max_context, nullptr);
  const auto to = model::rope_frequencies(spec.ropes[0], spec.rotary_dim, spec.max_context, nullptr);
  TensorJob job;
  job.name = rule.gguf;
  job.type = DType::f32;
  job.rows = from.size();
  for (size_t i = 0; i < from.size(); ++i) job.values.push_back(static_cast<float>(from[i] / to[i]));
  return job;
}

}  // namespace

const model::Architecture& gguf_family(const model::Architecture& architecture) noexcept {
  return architecture.gguf_name.empty() ? model::kLlama : architecture;
}

Result<std::vector<TensorJob>> plan_tensors(const formats::ModelFile& file, const model::ModelSpec& spec, DType type) {
  const bool from_gguf = file.naming == formats::Naming::gguf;
  // Only the names, shapes and types of the plan are used, which are the same for every table.
  SOTTO_ASSIGN(auto plan,
               model::plan_weights(file, spec, *kernels::compiled_tables().front(), {.keep = true, .type = std::nullopt}));
  // Layer by layer, however a folder's files were cut; a GGUF file keeps its order.
  if (!from_gguf)
    std::sort(plan.items.begin(), plan.items.end(), [](const model::WeightItem& a, const model::WeightItem& b) {
      const auto place = [](const model::WeightItem& item) {
        return std::tuple(model::per_layer(item.role), item.layer, item.role);
      };
      return place(a) < place(b);
    });
  std::vector<TensorJob> jobs;
  const model::TensorRule* factors = find_rule(gguf_family(*spec.architecture), Role::rope_factors);
  if (factors && !from_gguf && spec.ropes[0].scaling == model::RopeScaling::llama3) jobs.push_back(rope_factors(spec, *factors));
  for (const model::WeightItem& item : plan.items) jobs.push_back(make_job(item, spec, from_gguf, type));
  return jobs;
}

}  // namespace sotto::convert
