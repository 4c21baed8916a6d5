// Files cut at every byte and with every bit of the first 4 KiB flipped: a typed error or a model whose tensors can all be read,
// within the memory limit. Run under the sanitizer presets as well.
#include <algorithm>

#include "formats/format_test.h"
#include "formats/gguf.h"
#include "formats/heap_meter.h"
#include "formats/safetensors.h"
#include "formats/safetensors_writer.h"

namespace sotto::formats {
namespace {

constexpr size_t kFlippedBytes = 4096;

size_t memory_limit(size_t file_bytes) {
  return (size_t{4} << 20) + 4 * file_bytes;
}

struct Counts {
  size_t accepted = 0;
  size_t refused = 0;
};

/// `read(bytes)` gives a Result. Checks error and memory of one variant of a file.
template <class Read>
void try_one(const std::string& bytes, const Read& read, Counts& counts) {
  const test::HeapMeter meter;
  const auto result = read(bytes);
  EXPECT_LE(meter.peak(), memory_limit(bytes.size()));
  if (result) {
    ++counts.accepted;
  } else {
    ++counts.refused;
    EXPECT_FALSE(result.error().message.empty());
    EXPECT_NE(result.error().code, ErrorCode::internal) << result.error().message;
  }
}

template <class Read>
Counts try_all(const std::string& file, const Read& read) {
  Counts whole, counts;
  try_one(file, read, whole);
  EXPECT_EQ(whole.accepted, 1u);
  for (size_t n = 0; n < file.size(); ++n) try_one(file.substr(0, n), read, counts);
  std::string flipped = file;
  for (size_t bit = 0; bit < 8 * std::min(file.size(), kFlippedBytes); ++bit) {
    const char mask = static_cast<char>(1 << bit % 8);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ mask);
    try_one(flipped, read, counts);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ mask);
  }
  return counts;
}

/// Every byte of every tensor is looked at, so that a sanitizer sees what lies outside.
Result<ModelFile> with_data(Result<ModelFile> model) {
  if (!model) return model;
  unsigned sum = 0;
  for (const TensorEntry& tensor : model->tensors) {
    std::vector<std::byte> scratch;
    const auto data = tensor_bytes(*model, tensor, scratch);
    if (!data) return data.error();
    for (const std::byte byte : *data) sum += std::to_integer<unsigned>(byte);
  }
  EXPECT_LE(sum, UINT32_MAX);
  return model;
}

std::string small_gguf() {
  GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  writer.set_u32("general.alignment", 32);
  writer.set_f32("llama.rope.freq_base", 10000.0f);
  writer.set_bool("tokenizer.ggml.add_bos_token", true);
  const std::vector<std::string> tokens{"<s>", "a", "b", "ab"};
  writer.set_strings("tokenizer.ggml.tokens", tokens);
  const std::vector<float> scores{0, -1, -2, -3};
  writer.set_f32s("tokenizer.ggml.scores", scores);
  EXPECT_TRUE(writer.set("flags", std::vector<bool>{true, false}));
  EXPECT_TRUE(writer.add_tensor("token_embd.weight", quant::DType::f32, {4, 8}));
  EXPECT_TRUE(writer.add_tensor("blk.0.attn_q.weight", quant::DType::q8_0, {2, 32}));
  EXPECT_TRUE(writer.add_tensor("output_norm.weight", quant::DType::f16, {8}));
  std::string file;
  EXPECT_TRUE(writer.write_header(sink_into(file)));
  for (const size_t n_bytes : {128, 68, 16}) EXPECT_TRUE(writer.write_data(sink_into(file), as_bytes(std::string(n_bytes, 'w'))));
  return file;
}

TEST(Hostile, GgufCutAndFlipped) {
  const auto mapped = [](const std::string& bytes) { return with_data(read_model(source_of(bytes), {})); };
  const auto unmapped = [](const std::string& bytes) { return with_data(read_model(std::make_shared<UnmappedSource>(bytes), {})); };
  const std::string file = small_gguf();
  const Counts a = try_all(file, mapped), b = try_all(file, unmapped);
  EXPECT_EQ(a.accepted, b.accepted);
  EXPECT_GE(a.refused, file.size());  // every cut, and flips besides
  EXPECT_GT(a.accepted, 0u);          // flips of data and of texts do no harm
}

TEST(Hostile, SafetensorsCutAndFlipped) {
  const auto data = as_bytes(std::string(24, 'd'));
  const std::vector<std::pair<std::string, std::string>> metadata{{"format", "pt"}};
  std::string file;
  ASSERT_TRUE(write_safetensors(std::vector<SafetensorsTensor>{{"model.embed_tokens.weight", quant::DType::f32, {3, 2}, data},
                                                               {"model.norm.weight", quant::DType::bf16, {12}, data}},
                                metadata, sink_into(file)));
  const auto read = [](const std::string& bytes) {
    return with_data(read_model(source_of(bytes, "model.safetensors"), opener_of({{"config.json", "{}"}})));
  };
  const Counts counts = try_all(file, read);
  EXPECT_GE(counts.refused, file.size());
  EXPECT_GT(counts.accepted, 0u);
}

TEST(Hostile, TokenizerJsonCutAndFlipped) {
  std::string vocabulary, merges;
  for (int i = 0; i < 60; ++i) {
    const std::string piece = "\\u0120t" + std::to_string(i);
    vocabulary += (i ? "," : "") + ("\"" + piece + "\": " + std::to_string(i));
    merges += (i ? "," : "") + ("[\"\xC4\xA0t\",\"" + std::to_string(i) + "\"]");
  }
  const std::string file =
      R"({"version":"1.0","added_tokens":[{"id":60,"content":"<s>","special":true}],"normalizer":null,"dropout":-1.5e-3,)"
      R"("model":{"type":"BPE","vocab":{)" +
      vocabulary + "},\"merges\":[" + merges + "]}}";
  const auto read = [](const std::string& bytes) { return Json::parse(bytes, "tokenizer.json"); };
  const Counts counts = try_all(file, read);
  EXPECT_GE(counts.refused, file.size());
  EXPECT_GT(counts.accepted, 0u);
}

TEST(Hostile, CountsAreNotPaidForBeforeTheirBytesAreThere) {
  Counts counts;
  const auto read = [](const std::string& bytes) { return read_model(source_of(bytes), {}); };
  const auto try_file = [&](const Bytes& file) { try_one(file.data, read, counts); };
  try_file(gguf(uint64_t{1} << 40, 0).raw(std::string(64, '\0')));
  try_file(gguf(0, uint64_t{1} << 40).raw(std::string(64, '\0')));
  for (uint32_t type = 0; type < 13; ++type)
    try_file(gguf(0, 1).text("a").u32(9).u32(type).u64(uint64_t{1} << 40).raw(std::string(64, '\0')));
  EXPECT_EQ(counts.accepted, 0u);
}

TEST(Hostile, DenselyPackedFilesStayWithinTheLimit) {
  Counts counts;
  const auto read = [](const std::string& bytes) { return read_model(std::make_shared<UnmappedSource>(bytes), {}); };
  constexpr size_t kItems = 1 << 20;
  // Empty strings: 8 bytes in the file, sizeof(std::string) in memory. Cut at the end, so that all of it is read and then refused.
  Bytes strings = gguf(0, 2).text("a").u32(9).u32(8).u64(kItems);
  strings.data.resize(strings.data.size() + 8 * kItems, '\0');
  try_one(strings.data + std::string(20, '\xFF'), read, counts);
  Bytes bytes = gguf(0, 2).text("a").u32(9).u32(0).u64(1 << 19);
  bytes.data.resize(bytes.data.size() + (1 << 19), '\0');
  try_one(bytes.data + std::string(20, '\xFF'), read, counts);
  Bytes keys = gguf(0, 32768);
  for (uint32_t i = 0; i < 32767; ++i) keys.text(std::to_string(i)).u32(0).u8(1);
  try_one(keys.data + std::string(20, '\xFF'), read, counts);
  Bytes tensors = gguf(100000, 0);
  for (uint64_t i = 0; i < 99999; ++i) add_tensor(tensors, std::to_string(i), {1}, 0, 32 * i);
  try_one(tensors.data + std::string(40, '\xFF'), read, counts);
  std::string header = "{";
  for (int i = 0; i < 100000; ++i) header += "\"" + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
  try_one(
      Bytes().text(header + "}").data, [](const std::string& file) { return read_safetensors_header(UnmappedSource(file)); },
      counts);
  EXPECT_EQ(counts.refused, 5u);
}

}  // namespace
}  // namespace sotto::formats
