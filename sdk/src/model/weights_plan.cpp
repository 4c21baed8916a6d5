#include "model/weights_plan.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "formats/tensor_table.h"
#include "model/allocate.h"

namespace sotto::model {
namespace {

using formats::TensorEntry;
using quant::DType;

constexpr size_t kMaxFaultsListed = 40;

std::string with_layer(std::string_view pattern, size_t layer) {
  const size_t at = pattern.find("{}");
  if (at == std::string_view::npos) return std::string(pattern);
  return std::string(pattern.substr(0, at)) + std::to_string(layer) + std::string(pattern.substr(at + 2));
}

size_t extent(const ModelSpec& spec, Dim dim) {
  switch (dim) {
    case Dim::none:
      return 0;
    case Dim::vocab:
      return spec.n_vocab;
    case Dim::positions:
      return spec.max_context;
    case Dim::dim:
      return spec.dim;
    case Dim::q:
      return spec.q_dim();
    case Dim::kv:
      return spec.kv_dim();
    case Dim::qkv:
      return spec.q_dim() + 2 * spec.kv_dim();
    case Dim::head:
      return spec.head_dim;
    case Dim::ffn:
      return spec.ffn_dim;
    case Dim::half_rotary:
      return spec.rotary_dim / 2;
  }
  return 0;
}

// Buffers of old exports that hold no weights.
bool is_leftover(std::string_view name) {
  return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") || name.ends_with(".rotary_emb.inv_freq");
}

Status check_policy(const WeightPolicy& policy) {
  if (!policy.type) return {};
  const quant::TypeInfo& type = quant::info(*policy.type);
  if (type.computed() && type.encode && type.block_size <= kernels::kColumnBlock) return {};
  return Error{ErrorCode::invalid_argument,
               "quantize: " + std::string(type.name) + " cannot be made while loading, wanted a type with blocks of at most 32",
               "quantize"};
}

DType held_type(const ModelSpec& spec, const WeightPolicy& policy, Role role, DType in_file) {
  const bool rounded = is_linear(role) || (role == Role::token_embedding && spec.tied_head);
  const bool plain = in_file == DType::f32 || in_file == DType::f16 || in_file == DType::bf16;
  if (!rounded || !plain || policy.keep) return in_file;
  if (policy.type) return *policy.type;
  return in_file == DType::f32 ? DType::q8_0 : in_file;
}

PackedMatrix layout(DType type, size_t n_rows, size_t n_cols, const kernels::KernelTable& kernels) {
  const kernels::WeightKernels& kernel = kernels.weights[static_cast<size_t>(type)];
  PackedMatrix matrix;
  matrix.type = type;
  matrix.n_rows = n_rows;
  matrix.n_cols = n_cols;
  matrix.n_cols_padded = round_up(n_cols, kernels::kColumnBlock);
  matrix.rows_per_group = kernel.rows_per_group;
  matrix.group_bytes = kernel.group_bytes(matrix.n_cols_padded);
  return matrix;
}

// High halves of the codes of a matrix (kernels::SplitKernels).
PackedMatrix high_halves(const PackedMatrix& of, const kernels::KernelTable& kernels) {
  PackedMatrix high = of;
  high.type = DType::q8_0;
  high.rows_per_group = kernels.split.rows_per_group;
  high.group_bytes = kernels.split.high_bytes(of.n_cols_padded);
  return high;
}

// Finds a place for every tensor a model of this spec has, and collects what is wrong with them.
class Planner {
 public:
  Planner(const formats::ModelFile& file, const ModelSpec& spec, const kernels::KernelTable& kernels, const WeightPolicy& policy)
      : file_(file),
        spec_(spec),
        arch_(*spec.architecture),
        kernels_(kernels),
        policy_(policy),
        gguf_(file.naming == formats::Naming::gguf) {
    for (const TensorEntry& tensor : file.tensors)
      if (!by_name_.emplace(without_prefix(tensor.name), &tensor).second)
        fault(tensor.name, "occurs twice, with and without its prefix");
  }

  Result<WeightsPlan> run() {
    for (const TensorRule& rule : arch_.tensors)
      if (!per_layer(rule.role)) place(rule, 0);
    for (size_t layer = 0; layer < spec_.n_layers; ++layer)
      for (const TensorRule& rule : arch_.tensors)
        if (per_layer(rule.role)) place(rule, layer);
    refuse_rest();
    if (n_faults_ > kMaxFaultsListed) error_.message += "; and " + std::to_string(n_faults_ - kMaxFaultsListed) + " more";
    if (n_faults_ > 0) return std::move(error_);
    place_screen();
    std::sort(plan_.items.begin(), plan_.items.end(), [](const WeightItem& a, const WeightItem& b) {
      return std::tie(a.tensor->source, a.tensor->offset) < std::tie(b.tensor->source, b.tensor->offset);
    });
    return std::move(plan_);
  }

 private:
  void fault(const std::string& tensor, const std::string& message, ErrorCode code = ErrorCode::bad_model) {
    if (n_faults_ == 0) error_ = {code, file_.metadata.source() + ": ", tensor};
    if (n_faults_++ < kMaxFaultsListed) error_.message += (n_faults_ > 1 ? "; " : "") + tensor + " " + message;
  }

  std::string_view without_prefix(std::string_view name) const {
    if (!gguf_ && name.starts_with(arch_.hf_prefix)) name.remove_prefix(arch_.hf_prefix.size());
    return name;
  }

  bool is_promised(Role role) const { return is_attention_bias(role) ? spec_.attention_bias : is_mlp_bias(role) && spec_.mlp_bias; }
  bool is_required(const TensorRule& rule) const {
    if (rule.role == Role::head) return !spec_.tied_head;
    return rule.need == Need::required || is_promised(rule.role);
  }
  // The field of config.json without which this tensor is not computed with; empty: it always is.
  std::string_view promise_of(Role role) const {
    if (gguf_) return {};
    return is_attention_bias(role) ? arch_.config.attention_bias : is_mlp_bias(role) ? arch_.config.mlp_bias : std::string_view();
  }

  void place(const TensorRule& rule, size_t layer) {
    const std::string name = with_layer(gguf_ ? rule.gguf : rule.hugging_face, layer);
    if (name.empty()) return;
    const auto found = by_name_.find(without_prefix(name));
    if (found == by_name_.end()) {
      if (is_required(rule)) fault(name, "is missing");
      return;
    }
    const TensorEntry& tensor = *found->second;
    by_name_.erase(found);
    if (rule.role == Role::head && spec_.tied_head) return;  // held once, as the embedding
    if (const auto promise = promise_of(rule.role); !promise.empty() && !is_promised(rule.role))
      return fault(tensor.name, "is there, but " + std::string(promise) + " is not true");

    WeightItem item;
    item.role = rule.role;
    item.layer = layer;
    item.tensor = &tensor;
    item.is_matrix = rule.columns != Dim::none;
    item.transposed = !gguf_ && arch_.hf_transposed && is_linear(rule.role) && rule.role != Role::head;
    const size_t rows = extent(spec_, rule.rows), columns = extent(spec_, rule.columns);
    std::vector<uint64_t> wanted{rows};
    if (item.is_matrix) wanted.insert(item.transposed ? wanted.begin() : wanted.end(), columns);
    if (tensor.shape != wanted)
      return fault(tensor.name, "has shape " + formats::shape_text(tensor.shape) + ", wanted " + formats::shape_text(wanted));
    const quant::TypeInfo& type = quant::info(tensor.type);
    if (!type.computed() || (item.transposed && type.block_size != 1))
      return fault(tensor.name, "has type " + std::string(type.name) + ", which this version does not compute",
                   ErrorCode::unsupported);

    item.offset = plan_.arena_bytes;
    if (item.is_matrix) {
      item.matrix = layout(held_type(spec_, policy_, rule.role, tensor.type), rows, columns, kernels_);
      plan_.arena_bytes += round_up_bytes(uint64_t{item.matrix.n_groups()} * item.matrix.group_bytes);
    } else {
      item.n_floats = rows;
      plan_.arena_bytes += round_up_bytes(uint64_t{rows} * sizeof(float));
    }
    plan_.items.push_back(item);
  }

  // Bounds are of outputs as the product gives them, so nothing may follow that product.
  void place_screen() {
    const auto is_head = [&](const WeightItem& item) {
      return item.role == (spec_.tied_head ? Role::token_embedding : Role::head);
    };
    const auto head = std::find_if(plan_.items.begin(), plan_.items.end(), is_head);
    if (policy_.head_screen == HeadScreen::off || head == plan_.items.end() || spec_.logit_soft_cap > 0) return;
    PackedMatrix& exact = head->matrix;
    const PackedMatrix high = high_halves(exact, kernels_);
    const bool splits = exact.type == DType::q8_0;
    const bool pays = 2 * exact.bytes() > plan_.arena_bytes && (splits || 3 * high.bytes() < 2 * exact.bytes());
    if (policy_.head_screen == HeadScreen::automatic && !pays) return;
    const auto take = [&](uint64_t bytes) { return std::exchange(plan_.arena_bytes, plan_.arena_bytes + round_up_bytes(bytes)); };
    plan_.screen.high = high;
    if (splits) {
      plan_.screen.high_offset = head->offset;
      exact = high;
      exact.low_group_bytes = kernels_.split.low_bytes(exact.n_cols_padded);  // together as many bytes as before
    } else {
      plan_.screen.high_offset = take(high.bytes());
    }
    plan_.screen.rests_offset = take(uint64_t{exact.n_rows} * sizeof(float));
    head->screened = true;
  }

  void refuse_rest() {
    std::vector<std::string> unknown;
    for (const auto& [name, tensor] : by_name_)
      if (!is_leftover(name)) unknown.push_back(tensor->name);
    std::sort(unknown.begin(), unknown.end());
    const std::string_view family = gguf_ ? arch_.gguf_name : arch_.hf_model_type;
    for (const std::string& name : unknown) fault(name, "is no tensor of a " + std::string(family) + " model of this size");
  }

  const formats::ModelFile& file_;
  const ModelSpec& spec_;
  const Architecture& arch_;
  const kernels::KernelTable& kernels_;
  const WeightPolicy& policy_;
  const bool gguf_;
  std::unordered_map<std::string_view, const TensorEntry*> by_name_;
  WeightsPlan plan_;
  Error error_;
  size_t n_faults_ = 0;
};

}  // namespace

quant::DType WeightsPlan::embedding_type() const noexcept {
  const auto embeds = [](const WeightItem& item) { return item.role == Role::token_embedding; };
  return std::find_if(items.begin(), items.end(), embeds)->tensor->type;  // a plan without it is an error
}

Result<WeightsPlan> plan_weights(const formats::ModelFile& file, const ModelSpec& spec, const kernels::KernelTable& kernels,
                                 const WeightPolicy& policy) {
  SOTTO_TRY(check_policy(policy));
  return Planner(file, spec, kernels, policy).run();
}

}  // namespace sotto::model
