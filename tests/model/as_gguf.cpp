#include "as_gguf.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "formats/gguf_writer.h"
#include "model/arch/architecture.h"

namespace sotto::model {
namespace {

using nlohmann::json;

struct Tensor {
  std::string name;
  std::vector<uint64_t> shape;
  std::vector<float> data;
};

std::vector<float> floats_of(const formats::ModelFile& file, const formats::TensorEntry& entry) {
  std::vector<std::byte> scratch;
  const auto bytes = formats::tensor_bytes(file, entry, scratch);
  const quant::TypeInfo& type = quant::info(entry.type);
  std::vector<float> floats(bytes->size() / type.block_bytes * type.block_size);
  type.decode(bytes->data(), floats.size(), floats.data());
  return floats;
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const size_t at = text.find(part);
  return at == std::string::npos ? text : text.replace(at, part.size(), by);
}

void transpose(Tensor& tensor) {
  const size_t rows = tensor.shape[0], columns = tensor.shape[1];
  std::vector<float> out(tensor.data.size());
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) out[c * rows + r] = tensor.data[r * columns + c];
  tensor.data = std::move(out);
  tensor.shape = {columns, rows};
}

// Pairs (i, i + d/2) of each head become neighbours (2i, 2i + 1).
void permute_heads(Tensor& tensor, size_t head_dim) {
  const size_t rows = tensor.shape[0], columns = tensor.data.size() / rows;
  std::vector<float> out(tensor.data.size());
  for (size_t r = 0; r < rows; ++r) {
    const size_t i = r % head_dim, half = head_dim / 2;
    const size_t to = r - i + (i < half ? 2 * i : 2 * (i - half) + 1);
    std::copy_n(tensor.data.begin() + static_cast<std::ptrdiff_t>(r * columns), columns,
                out.begin() + static_cast<std::ptrdiff_t>(to * columns));
  }
  tensor.data = std::move(out);
}

// What each frequency is divided by: Llama 3.1's rule, by wave length.
Tensor llama3_factors(const json& rope, size_t head_dim) {
  const double factor = rope.at("factor"), low = rope.at("low_freq_factor"), high = rope.at("high_freq_factor");
  const double original = rope.at("original_max_position_embeddings"), theta = rope.at("rope_theta");
  Tensor tensor{"rope_freqs.weight", {head_dim / 2}, {}};
  for (size_t i = 0; i < head_dim; i += 2) {
    const double wave_length = 2 * std::numbers::pi * std::pow(theta, static_cast<double>(i) / static_cast<double>(head_dim));
    double divisor = 1;
    if (wave_length > original / low) {
      divisor = factor;
    } else if (wave_length >= original / high) {
      const double smooth = (original / wave_length - low) / (high - low);
      divisor = 1 / ((1 - smooth) / factor + smooth);
    }
    tensor.data.push_back(static_cast<float>(divisor));
  }
  return tensor;
}

void set_rope(formats::GgufWriter& writer, const std::string& arch, const json& config) {
  if (!config.contains("rope_parameters")) return;
  const json& all = config.at("rope_parameters");
  const json& rope = all.contains("full_attention") ? all.at("full_attention") : all;
  const std::string type = rope.at("rope_type");
  writer.set_f32(arch + ".rope.freq_base", rope.at("rope_theta"));
  if (type == "linear" || type == "yarn") {
    writer.set_string(arch + ".rope.scaling.type", type);
    writer.set_f32(arch + ".rope.scaling.factor", rope.at("factor"));
  }
  if (type == "yarn") writer.set_u32(arch + ".rope.scaling.original_context_length", rope.at("original_max_position_embeddings"));
}

void set_metadata(formats::GgufWriter& writer, const std::string& arch, const json& config, const ModelSpec& spec) {
  const bool gpt2 = arch == "gpt2";
  const auto count = [&](const char* key, const char* gpt2_key) { return config.at(gpt2 ? gpt2_key : key).get<uint32_t>(); };
  writer.set_string("general.architecture", arch);
  writer.set_u32(arch + ".block_count", count("num_hidden_layers", "n_layer"));
  writer.set_u32(arch + ".context_length", count("max_position_embeddings", "n_positions"));
  writer.set_u32(arch + ".embedding_length", count("hidden_size", "n_embd"));
  writer.set_u32(arch + ".attention.head_count", count("num_attention_heads", "n_head"));
  writer.set_u32(arch + ".feed_forward_length", gpt2 ? 4 * count("", "n_embd") : count("intermediate_size", ""));
  if (gpt2) {
    writer.set_f32(arch + ".attention.layer_norm_epsilon", config.at("layer_norm_epsilon"));
    return;
  }
  writer.set_f32(arch + ".attention.layer_norm_rms_epsilon", config.at("rms_norm_eps"));
  writer.set_u32(arch + ".attention.head_count_kv", count("num_key_value_heads", ""));
  writer.set_u32(arch + ".attention.key_length", static_cast<uint32_t>(spec.head_dim));
  writer.set_u32(arch + ".attention.value_length", static_cast<uint32_t>(spec.head_dim));
  if (config.contains("sliding_window") && config.at("sliding_window").is_number() && config.value("use_sliding_window", true))
    writer.set_u32(arch + ".attention.sliding_window", config.at("sliding_window"));
  if (config.contains("query_pre_attn_scalar"))
    writer.set_f32(arch + ".attention.scale", 1 / std::sqrt(config.at("query_pre_attn_scalar").get<float>()));
  if (arch == "llama") writer.set_u32(arch + ".rope.dimension_count", static_cast<uint32_t>(spec.head_dim));
  set_rope(writer, arch, config);
}

std::vector<Tensor> tensors_of(const formats::ModelFile& file, const std::string& arch, const ModelSpec& spec) {
  std::vector<Tensor> tensors;
  for (const TensorRule& rule : spec.architecture->tensors)
    for (size_t layer = 0; layer < (per_layer(rule.role) ? spec.n_layers : 1); ++layer) {
      const std::string number = std::to_string(layer);
      const std::string name = replaced(std::string(rule.hugging_face), "{}", number);
      const formats::TensorEntry* entry = file.find(name);
      if (!entry) entry = file.find(std::string(spec.architecture->hf_prefix) + name);
      if (!entry) continue;
      Tensor& tensor = tensors.emplace_back(replaced(std::string(rule.gguf), "{}", number), entry->shape, floats_of(file, *entry));
      if (arch == "gpt2" && is_linear(rule.role)) transpose(tensor);
      const bool rotated = rule.role == Role::q || rule.role == Role::k || rule.role == Role::q_bias || rule.role == Role::k_bias;
      if (arch == "llama" && rotated) permute_heads(tensor, spec.head_dim);
      if (arch == "gemma3" && is_norm_weight(rule.role))
        for (float& weight : tensor.data) weight += 1;
    }
  return tensors;
}

void check(const Status& status) {
  if (!status) throw std::runtime_error(text_of(status));
}

}  // namespace

std::vector<std::byte> as_gguf(const formats::ModelFile& file, const json& config) {
  const auto spec = read_spec(file);
  if (!spec) throw std::runtime_error(text_of(spec));
  const std::string arch = spec->architecture->gguf_name.empty() ? "llama" : std::string(spec->architecture->gguf_name);
  formats::GgufWriter writer;
  set_metadata(writer, arch, config, *spec);
  std::vector<Tensor> tensors = tensors_of(file, arch, *spec);
  if (config.contains("rope_parameters") && config.at("rope_parameters").value("rope_type", "") == "llama3")
    tensors.push_back(llama3_factors(config.at("rope_parameters"), spec->head_dim));

  std::vector<std::byte> bytes;
  const formats::ByteSink sink = [&](std::span<const std::byte> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return Status();
  };
  for (const Tensor& tensor : tensors) check(writer.add_tensor(tensor.name, quant::DType::f32, tensor.shape));
  check(writer.write_header(sink));
  for (const Tensor& tensor : tensors) check(writer.write_data(sink, std::as_bytes(std::span(tensor.data))));
  check(writer.finish());
  return bytes;
}

}  // namespace sotto::model
