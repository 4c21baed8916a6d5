// GGUF to GGUF: every number is that of the reference codec, every key stays.
#include "convert/gguf_keys.h"

#include "convert/convert_test.h"
#include "formats/gguf_writer.h"
#include "model/spec.h"
#include "support/tiny_model.h"
#include "text/make_tokenizer.h"

namespace sotto::convert {
namespace {

using formats::ModelFile;
using quant::DType;

class GgufToGguf : public ConvertTest {
 protected:
  std::string write_tiny(const test::TinyModelOptions& options) const { return write("in.gguf", test::tiny_llama_gguf(options)); }

  /// Vectors are F32, matrices of the type but for those in `kept`.
  void expect_converted(const std::string& in, const std::string& out, DType type,
                        const std::vector<std::string>& kept = {}) const {
    const auto a = formats::read_model(in), b = formats::read_model(out);
    ASSERT_TRUE(a && b) << text_of(a) << text_of(b);
    ASSERT_EQ(a->tensors.size(), b->tensors.size());
    for (size_t i = 0; i < a->tensors.size(); ++i) {
      const auto &from = a->tensors[i], &to = b->tensors[i];
      ASSERT_EQ(from.name, to.name);
      EXPECT_EQ(from.shape, to.shape) << to.name;
      const bool falls_back = std::find(kept.begin(), kept.end(), to.name) != kept.end();
      ASSERT_EQ(to.type, to.shape.size() == 1 ? DType::f32 : falls_back ? DType::f16 : type) << to.name;
      EXPECT_EQ(bytes_of(*b, to), from.type == to.type ? bytes_of(*a, from) : encoded(numbers_of(*a, from), to.type)) << to.name;
    }
    EXPECT_TRUE(model::read_spec(*b)) << text_of(model::read_spec(*b));
    EXPECT_TRUE(text::make_tokenizer(*b)) << text_of(text::make_tokenizer(*b));
  }
};

struct TypeCase {
  const char* name;
  DType type;
  int64_t file_type;
};
constexpr TypeCase kTypes[] = {{"q8_0", DType::q8_0, 7}, {"q4_0", DType::q4_0, 2}, {"f16", DType::f16, 1}};

TEST_F(GgufToGguf, FloatsToEachType) {
  const std::string in = write_tiny({});
  for (const TypeCase& c : kTypes) {
    const auto report = quantize_file(in, path("out.gguf"), to_type(c.name));
    ASSERT_TRUE(report) << c.name << ": " << text_of(report);
    expect_converted(in, path("out.gguf"), c.type);
    EXPECT_EQ(report->quantized, 16u);  // 7 of each layer, embedding, head
    EXPECT_TRUE(report->kept.empty());
    EXPECT_EQ(report->output_bytes, std::filesystem::file_size(path("out.gguf")));
    EXPECT_EQ(report->input_bytes, formats::read_model(in)->tensor_bytes());
    EXPECT_EQ(*formats::read_model(path("out.gguf"))->metadata.integer("general.file_type", 0, 99), c.file_type);
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"in.gguf", "out.gguf"}));
}

TEST_F(GgufToGguf, TheSameBytesEveryTime) {
  const std::string in = write_tiny({});
  for (const TypeCase& c : kTypes) {
    ASSERT_TRUE(quantize_file(in, path("a"), to_type(c.name)));
    ASSERT_TRUE(quantize_file(in, path("b"), to_type(c.name)));
    ASSERT_TRUE(quantize_file(path("a"), path("c"), to_type(c.name)));  // what has the type already is copied
    const auto bytes = test::read_bytes(path("a"));
    EXPECT_TRUE(bytes == test::read_bytes(path("b"))) << c.name;
    EXPECT_TRUE(bytes == test::read_bytes(path("c"))) << c.name;
  }
}

TEST_F(GgufToGguf, QuantizedSources) {
  for (const DType from : {DType::q4_k, DType::q6_k, DType::q8_0, DType::q5_1, DType::bf16}) {
    const std::string in = write_tiny({.n_layers = 1, .width = 256, .ffn_width = 512, .matrix_type = from});
    for (const TypeCase& c : kTypes) {
      const auto report = quantize_file(in, path("out.gguf"), to_type(c.name));
      ASSERT_TRUE(report) << text_of(report);
      expect_converted(in, path("out.gguf"), c.type);
    }
  }
}

TEST_F(GgufToGguf, RowsThatAreNoMultipleOfTheBlock) {
  const std::string in = write_tiny({.ffn_width = 72});
  const auto report = quantize_file(in, path("out.gguf"), to_type("q4_0"));
  ASSERT_TRUE(report) << text_of(report);
  EXPECT_EQ(report->kept, (std::vector<std::string>{"blk.0.ffn_down.weight", "blk.1.ffn_down.weight"}));
  EXPECT_EQ(report->quantized, 14u);
  expect_converted(in, path("out.gguf"), DType::q4_0, report->kept);
}

/// The keys of the tiny model with some of every kind in front and behind.
TEST_F(GgufToGguf, KeysStayInTheirOrder) {
  const auto tiny = formats::read_model(write_tiny({}));
  ASSERT_TRUE(tiny);
  const auto own = gguf_keys(*tiny);
  ASSERT_TRUE(own) << text_of(own);
  Keys keys{
      {"zz.first", std::vector<double>{0.5, -1}}, {"split.no", int64_t{0}}, {"general.file_type", int64_t{0}}, {"aa.flag", true}};
  keys.insert(keys.end(), own->begin(), own->end());
  keys.insert(keys.end(), {{"split.count", int64_t{1}},
                           {"mm.negative", int64_t{-5}},
                           {"mm.large", uint64_t{1} << 63},
                           {"mm.texts", std::vector<std::string>{"", "two"}},
                           {"aa.flags", std::vector<bool>{true, false}},
                           {"aa.text", std::string("\xFF")},
                           {"aa.exact", 1e300}});
  formats::GgufWriter writer;
  for (const auto& [key, value] : keys) ASSERT_TRUE(writer.set(key, value));
  for (const auto& tensor : tiny->tensors) ASSERT_TRUE(writer.add_tensor(tensor.name, tensor.type, tensor.shape));
  std::string bytes;
  const formats::ByteSink sink = [&](std::span<const std::byte> more) {
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return Status();
  };
  ASSERT_TRUE(writer.write_header(sink));
  for (const auto& tensor : tiny->tensors) ASSERT_TRUE(writer.write_data(sink, bytes_of(*tiny, tensor)));
  const auto report = quantize_file(write("many.gguf", bytes), path("out.gguf"));
  ASSERT_TRUE(report) << text_of(report);

  const auto out = formats::read_model(path("out.gguf"));
  ASSERT_TRUE(out) << text_of(out);
  const auto got = gguf_keys(*out);
  ASSERT_TRUE(got) << text_of(got);
  EXPECT_FALSE(out->metadata.has("split.no") || out->metadata.has("split.count"));
  std::erase_if(keys, [](const auto& key) { return key.first.starts_with("split."); });
  keys.emplace_back("general.quantization_version", int64_t{2});
  ASSERT_EQ(got->size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ((*got)[i].first, keys[i].first);
    if (keys[i].first == "general.file_type") keys[i].second = int64_t{7};
    ASSERT_EQ((*got)[i].second.index(), keys[i].second.index()) << keys[i].first;
    EXPECT_TRUE(std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, formats::Json>)
            return false;
          else
            return value == std::get<T>((*got)[i].second);
        },
        keys[i].second))
        << keys[i].first;
  }
}

}  // namespace
}  // namespace sotto::convert
