// ModelSpec: what a decoder computes, as data: sizes, and one enum where families differ. forward() reads nothing else.
// Made from a file's metadata by read_spec(); every size comes from the file, never from a default of another model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/model_file.h"
#include "kernels/kernel_table.h"
#include "quant/all.h"
#include "sotto/result.h"

namespace sotto::model {

struct Architecture;

enum class NormKind : uint8_t { rms, layer };
enum class PositionKind : uint8_t { rope, learned };
enum class RopeScaling : uint8_t { none, linear, dynamic, yarn, llama3 };

/// How positions turn into rotation angles. Formulas: RoFormer (base), transformers' modeling_rope_utils (scalings).
struct RopeSpec {
  double theta = 0;
  RopeScaling scaling = RopeScaling::none;
  double factor = 1;
  double original_context = 0;  // positions the model was trained on: yarn, llama3, dynamic
  double low_freq_factor = 0;   // llama3
  double high_freq_factor = 0;  // llama3
  double beta_fast = 32;        // yarn
  double beta_slow = 1;         // yarn
  double attention_factor = 1;  // multiplies cos and sin: yarn
  bool truncate = true;         // yarn: the ramp's ends are whole dimensions
  /// Of the frequencies, to a type without blocks; none: they are exact.
  std::optional<quant::DType> rounding{};

  bool operator==(const RopeSpec&) const = default;
};

struct LayerSpec {
  size_t window = 0;          // tokens a query sees, itself included; 0: all
  size_t rope = 0;            // index into ModelSpec::ropes
  float attention_scale = 0;  // on q*k
};

struct ModelSpec {
  const Architecture* architecture = nullptr;

  size_t n_vocab = 0;
  size_t n_layers = 0;
  size_t dim = 0;
  size_t n_heads = 0;
  size_t n_kv_heads = 0;
  size_t head_dim = 0;
  size_t ffn_dim = 0;
  size_t max_context = 0;  // positions the model was made for, with YaRN those it was stretched to

  NormKind norm = NormKind::rms;
  float norm_eps = 0;
  float norm_weight_offset = 0;  // added to every stored norm weight (Gemma's files from Hugging Face store weight - 1)

  PositionKind positions = PositionKind::rope;
  kernels::RopePairs rope_pairs = kernels::RopePairs::halves;
  size_t rotary_dim = 0;
  std::vector<RopeSpec> ropes;

  kernels::Activation activation = kernels::Activation::silu;
  bool gated = true;            // down(act(gate) * up) instead of down(act(up))
  bool tied_head = false;       // the head is the token embedding
  bool attention_bias = false;  // config.json promises these biases: then they must be there
  bool mlp_bias = false;
  float embedding_scale = 1;
  float attention_soft_cap = 0;  // 0: none
  float logit_soft_cap = 0;      // 0: none
  std::vector<LayerSpec> layers;

  size_t q_dim() const noexcept { return n_heads * head_dim; }
  size_t kv_dim() const noexcept { return n_kv_heads * head_dim; }
  size_t heads_per_kv() const noexcept { return n_heads / n_kv_heads; }
  size_t max_window() const noexcept;
};

/// Errors: unsupported (architecture or feature; lists what is supported), bad_model (field, file, got, wanted).
Result<ModelSpec> read_spec(const formats::ModelFile& file);

}  // namespace sotto::model
