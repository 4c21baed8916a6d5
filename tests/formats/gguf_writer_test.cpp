#include "formats/gguf_writer.h"

#include <limits>

#include "formats/format_test.h"
#include "formats/gguf.h"
#include "support/tiny_model.h"

namespace sotto::formats {
namespace {

TEST(GgufWriter, WhatIsWrittenIsReadBack) {
  GgufWriter writer;
  writer.set_u32("u", 4000000000u);
  writer.set_i32("i", -2);
  writer.set_f32("f", 0.1f);
  writer.set_bool("b", true);
  writer.set_string("s", "text");
  const std::vector<std::string> strings{"a", "", "\xC4\xA0the"};
  writer.set_strings("ss", strings);
  const std::vector<int32_t> integers{1, -1};
  writer.set_i32s("is", integers);
  const std::vector<float> floats{0.5f, -1e30f};
  writer.set_f32s("fs", floats);
  writer.set_u32("u", 7);  // replaces
  ASSERT_TRUE(writer.add_tensor("first", quant::DType::f32, {3}));
  ASSERT_TRUE(writer.add_tensor("second", quant::DType::f16, {2, 5}));
  std::string file;
  ASSERT_TRUE(writer.write_header(sink_into(file)));
  ASSERT_TRUE(writer.write_data(sink_into(file), as_bytes("0123456789ab")));
  ASSERT_TRUE(writer.write_data(sink_into(file), as_bytes("ABCDEFG")));
  EXPECT_REFUSED(writer.finish(), ErrorCode::invalid_argument, "second");
  EXPECT_REFUSED(writer.write_data(sink_into(file), as_bytes(std::string(14, 'x'))), ErrorCode::invalid_argument, "second");
  ASSERT_TRUE(writer.write_data(sink_into(file), as_bytes("HIJKLMNOPQRST")));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(file.size(), writer.file_bytes());
  EXPECT_REFUSED(writer.write_data(sink_into(file), as_bytes("x")), ErrorCode::invalid_argument, "all tensors");

  const auto model = read_model(source_of(file), {});
  ASSERT_TRUE(model) << text_of(model);
  const Metadata& m = model->metadata;
  EXPECT_EQ(m.values().size(), 8u);
  EXPECT_EQ(*m.integer("u", 0, 9), 7);
  EXPECT_EQ(*m.integer("i", -9, 0), -2);
  EXPECT_EQ(*m.number("f", 0, 1), static_cast<double>(0.1f));
  EXPECT_TRUE(*m.boolean("b"));
  EXPECT_EQ(*m.string("s"), "text");
  EXPECT_EQ(copy_of(m.strings("ss")), strings);
  EXPECT_EQ(copy_of(m.integers("is")), (std::vector<int64_t>{1, -1}));
  EXPECT_EQ((*m.numbers("fs"))[1], static_cast<double>(-1e30f));
  std::vector<std::byte> scratch;
  const TensorEntry* second = model->find("second");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->shape, (std::vector<uint64_t>{2, 5}));
  EXPECT_EQ(std::memcmp(tensor_bytes(*model, *second, scratch)->data(), "ABCDEFGHIJKLMNOPQRST", 20), 0);
}

TEST(GgufWriter, ReadValuesKeepTheirValueWhenWrittenAgain) {
  const std::vector<MetaValue> values{true,
                                      int64_t{5},
                                      int64_t{-5},
                                      int64_t{1} << 40,
                                      -(int64_t{1} << 40),
                                      UINT64_MAX,
                                      0.5,
                                      0.1,
                                      1e300,
                                      std::string("x"),
                                      std::vector<bool>{true, false, true},
                                      std::vector<int64_t>{-1, 1},
                                      std::vector<int64_t>{0, 4000000000},
                                      std::vector<int64_t>{INT64_MIN},
                                      std::vector<double>{0.5, 0.1},
                                      std::vector<std::string>{"a", "b"},
                                      std::vector<std::string>{}};
  GgufWriter writer;
  for (size_t i = 0; i < values.size(); ++i) ASSERT_TRUE(writer.set("k" + std::to_string(i), values[i]));
  std::string file;
  ASSERT_TRUE(writer.write_header(sink_into(file)));
  const auto header = read_gguf_header(*source_of(file));
  ASSERT_TRUE(header) << text_of(header);
  for (size_t i = 0; i < values.size(); ++i) {
    const MetaValue* back = header->metadata.find("k" + std::to_string(i));
    ASSERT_NE(back, nullptr);
    ASSERT_EQ(back->index(), values[i].index()) << i;
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (!std::is_same_v<T, Json>) {
            EXPECT_EQ(std::get<T>(*back), value) << i;
          }
        },
        values[i]);
  }
  EXPECT_REFUSED(writer.set("json", Json()), ErrorCode::unsupported, "json");
}

TEST(GgufWriter, TensorsThatCannotBeAreRefused) {
  GgufWriter writer;
  using quant::DType;
  EXPECT_REFUSED(writer.add_tensor(std::string(64, 'n'), DType::f32, {1}), ErrorCode::invalid_argument, "63");
  EXPECT_REFUSED(writer.add_tensor("a", DType::f32, {}), ErrorCode::invalid_argument, "dimensions");
  EXPECT_REFUSED(writer.add_tensor("a", DType::f32, {1, 1, 1, 1, 1}), ErrorCode::invalid_argument, "dimensions");
  EXPECT_REFUSED(writer.add_tensor("a", DType::f32, {0}), ErrorCode::invalid_argument, "(0)");
  EXPECT_REFUSED(writer.add_tensor("a", DType::q8_0, {32, 16}), ErrorCode::invalid_argument, "q8_0");
  EXPECT_REFUSED(writer.add_tensor("a", DType::f32, {uint64_t{1} << 63, 2}), ErrorCode::invalid_argument, "fit");
  EXPECT_REFUSED(writer.add_tensor("a", DType::boolean, {1}), ErrorCode::unsupported, "boolean");
  EXPECT_TRUE(writer.add_tensor("a", DType::f32, {1}));
  EXPECT_REFUSED(writer.add_tensor("a", DType::f32, {1}), ErrorCode::invalid_argument, "before");
}

TEST(GgufWriter, ASinkThatFailsEndsTheWriting) {
  GgufWriter writer;
  ASSERT_TRUE(writer.add_tensor("a", quant::DType::f32, {1}));
  const ByteSink full = [](std::span<const std::byte>) -> Status { return Error{ErrorCode::io_error, "disk full", "out"}; };
  EXPECT_REFUSED(writer.write_header(full), ErrorCode::io_error, "disk full");
  EXPECT_REFUSED(writer.write_data(full, as_bytes("0123")), ErrorCode::io_error, "disk full");
}

TEST(TinyModel, IsDeterministicAndReadable) {
  const auto bytes = test::tiny_llama_gguf();
  EXPECT_EQ(bytes, test::tiny_llama_gguf());
  EXPECT_NE(bytes, test::tiny_llama_gguf({.seed = 2}));
  const auto model = read_model(memory_source(bytes, "tiny"), {});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->tensors.size(), 3u + 2 * 9);
  EXPECT_EQ(model->metadata.strings("tokenizer.ggml.tokens")->size(), 320u);
  EXPECT_EQ(model->find("blk.1.attn_k.weight")->shape, (std::vector<uint64_t>{32, 64}));
}

TEST(TinyModel, EveryMatrixCanHaveItsOwnType) {
  const auto bytes = test::tiny_llama_gguf({.n_layers = 1, .tied_head = true, .type_of = [](std::string_view name) {
                                              return name == "blk.0.ffn_up.weight" ? quant::DType::q8_0 : quant::DType::f32;
                                            }});
  const auto model = read_model(memory_source(bytes, "tiny"), {});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_EQ(model->find("output.weight"), nullptr);
  EXPECT_EQ(model->find("blk.0.ffn_up.weight")->type, quant::DType::q8_0);
  EXPECT_EQ(model->find("blk.0.ffn_up.weight")->n_bytes, 96u * 64 / 32 * 34);
  EXPECT_EQ(model->find("blk.0.ffn_down.weight")->type, quant::DType::f32);
}

}  // namespace
}  // namespace sotto::formats
