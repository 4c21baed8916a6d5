#include "support/tiny_model.h"

#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

#include "formats/gguf_writer.h"

namespace sotto::test {
namespace {

constexpr size_t kVocabulary = 320;
constexpr std::array<const char*, 4> kControlPieces{"<s>", "</s>", "<|im_start|>", "<|im_end|>"};
constexpr size_t kFirstControl = kVocabulary - kControlPieces.size();
constexpr int32_t kNormalType = 1, kControlType = 3;

constexpr char kChatTemplate[] =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// splitmix64: the distributions of the standard library differ between implementations.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  /// Uniform in [-1, 1).
  float next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<float>(static_cast<int64_t>((z ^ (z >> 31)) >> 40) - (int64_t{1} << 23)) / static_cast<float>(1 << 23);
  }

 private:
  uint64_t state_;
};

void check(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message + " (" + status.error().where + ")");
}

std::string utf8(uint32_t code_point) {
  if (code_point < 0x80) return std::string(1, static_cast<char>(code_point));
  return {static_cast<char>(0xC0 | (code_point >> 6)), static_cast<char>(0x80 | (code_point & 0x3F))};
}

/// GPT-2's printable stand-ins for the 256 bytes, in the order of its vocabulary: printable ones first.
std::vector<std::string> byte_pieces() {
  std::vector<std::string> pieces, rest;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    if (printable)
      pieces.push_back(utf8(byte));
    else
      rest.push_back(utf8(256 + static_cast<uint32_t>(rest.size())));
  }
  pieces.insert(pieces.end(), rest.begin(), rest.end());
  return pieces;
}

struct Vocabulary {
  std::vector<std::string> pieces = byte_pieces();
  std::vector<std::string> merges;
  std::vector<int32_t> types;

  Vocabulary() {
    const std::string blank = "\u0120";  // stands for the byte 0x20
    const std::vector<std::pair<std::string, std::string>> pairs{
        {blank, "t"}, {"h", "e"},         {blank, "a"},  {"i", "n"},    {blank + "t", "he"}, {"r", "e"},          {"o", "n"},
        {"e", "r"},   {blank, "s"},       {"a", "t"},    {blank, "w"},  {blank, "o"},        {"e", "n"},          {blank, "c"},
        {"i", "t"},   {"i", "s"},         {"a", "n"},    {"o", "r"},    {"e", "s"},          {blank, "b"},        {"e", "d"},
        {blank, "f"}, {"in", "g"},        {blank, "p"},  {"o", "u"},    {blank + "a", "n"},  {"a", "l"},          {"a", "r"},
        {blank, "m"}, {blank + "o", "f"}, {blank, "in"}, {blank, "d"},  {blank, "h"},        {blank + "an", "d"}, {"i", "c"},
        {"a", "s"},   {"l", "e"},         {blank, "th"}, {"i", "on"},   {"o", "m"},          {"l", "l"},          {"en", "t"},
        {blank, "n"}, {blank, "l"},       {"s", "t"},    {blank, "re"}, {"v", "e"},          {blank, "e"},        {"r", "o"},
        {"l", "y"},   {blank + "b", "e"}, {blank, "g"},  {"e", "l"},    {"u", "r"},          {"t", "h"},          {"l", "d"},
        {"o", "t"},   {"i", "d"},         {"e", "ll"},   {"H", "ell"}};
    for (const auto& [left, right] : pairs) {
      merges.push_back(left + " " + right);
      pieces.push_back(left + right);
    }
    types.assign(pieces.size(), kNormalType);
    for (const char* piece : kControlPieces) {
      pieces.push_back(piece);
      types.push_back(kControlType);
    }
    if (pieces.size() != kVocabulary)
      throw std::runtime_error("the tiny vocabulary has " + std::to_string(pieces.size()) + " pieces");
  }
};

void set_metadata(formats::GgufWriter& writer, const TinyModelOptions& options) {
  const Vocabulary vocabulary;
  writer.set_string("general.architecture", "llama");
  writer.set_string("general.name", "tiny");
  writer.set_u32("llama.block_count", options.n_layers);
  writer.set_u32("llama.context_length", options.context_length);
  writer.set_u32("llama.embedding_length", options.width);
  writer.set_u32("llama.feed_forward_length", options.ffn_width);
  writer.set_u32("llama.attention.head_count", options.n_heads);
  writer.set_u32("llama.attention.head_count_kv", options.n_kv_heads);
  writer.set_f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writer.set_f32("llama.rope.freq_base", 10000.0f);
  writer.set_u32("llama.rope.dimension_count", options.width / options.n_heads);
  writer.set_u32("llama.vocab_size", kVocabulary);
  writer.set_string("tokenizer.ggml.model", "gpt2");
  writer.set_string("tokenizer.ggml.pre", "gpt-2");
  writer.set_strings("tokenizer.ggml.tokens", vocabulary.pieces);
  writer.set_i32s("tokenizer.ggml.token_type", vocabulary.types);
  writer.set_strings("tokenizer.ggml.merges", vocabulary.merges);
  writer.set_u32("tokenizer.ggml.bos_token_id", kFirstControl);
  writer.set_u32("tokenizer.ggml.eos_token_id", kFirstControl + 1);
  writer.set_bool("tokenizer.ggml.add_bos_token", false);
  writer.set_string("tokenizer.chat_template", kChatTemplate);
}

struct Tensor {
  std::string name;
  std::vector<uint64_t> shape;
};

std::vector<Tensor> tensors_of(const TinyModelOptions& options) {
  const uint64_t width = options.width, kv_width = width / options.n_heads * options.n_kv_heads, ffn = options.ffn_width;
  std::vector<Tensor> tensors{{"token_embd.weight", {kVocabulary, width}}};
  for (uint32_t layer = 0; layer < options.n_layers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    tensors.push_back({block + "attn_norm.weight", {width}});
    tensors.push_back({block + "attn_q.weight", {width, width}});
    tensors.push_back({block + "attn_k.weight", {kv_width, width}});
    tensors.push_back({block + "attn_v.weight", {kv_width, width}});
    tensors.push_back({block + "attn_output.weight", {width, width}});
    tensors.push_back({block + "ffn_norm.weight", {width}});
    tensors.push_back({block + "ffn_gate.weight", {ffn, width}});
    tensors.push_back({block + "ffn_up.weight", {ffn, width}});
    tensors.push_back({block + "ffn_down.weight", {width, ffn}});
  }
  tensors.push_back({"output_norm.weight", {width}});
  if (!options.tied_head) tensors.push_back({"output.weight", {kVocabulary, width}});
  return tensors;
}

std::vector<std::byte> encoded(const Tensor& tensor, quant::DType type, Random& random) {
  size_t n = 1;
  for (const uint64_t dim : tensor.shape) n *= static_cast<size_t>(dim);
  const bool is_norm = tensor.shape.size() == 1;
  const float spread = is_norm ? 0.2f : 1.7f / std::sqrt(static_cast<float>(tensor.shape.back()));  // keeps activations near 1
  std::vector<float> weights(n);
  for (float& weight : weights) weight = (is_norm ? 1.0f : 0.0f) + spread * random.next();
  const quant::TypeInfo& info = quant::info(type);
  if (!info.encode) throw std::runtime_error("no encoder for " + std::string(info.name));
  std::vector<std::byte> bytes(n / info.block_size * info.block_bytes);
  info.encode(weights.data(), n, bytes.data());
  return bytes;
}

}  // namespace

std::vector<std::byte> tiny_llama_gguf(const TinyModelOptions& options) {
  formats::GgufWriter writer;
  set_metadata(writer, options);
  const std::vector<Tensor> tensors = tensors_of(options);
  const auto type_of = [&](const Tensor& tensor) {
    if (tensor.shape.size() == 1) return quant::DType::f32;
    return options.type_of ? options.type_of(tensor.name) : options.matrix_type;
  };
  for (const Tensor& tensor : tensors) check(writer.add_tensor(tensor.name, type_of(tensor), tensor.shape));

  std::vector<std::byte> file;
  const formats::ByteSink sink = [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return Status();
  };
  Random random(options.seed);
  check(writer.write_header(sink));
  for (const Tensor& tensor : tensors) check(writer.write_data(sink, encoded(tensor, type_of(tensor), random)));
  check(writer.finish());
  return file;
}

}  // namespace sotto::test
