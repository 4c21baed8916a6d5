// One SafeTensors file: the 29 verdicts of anchors/safetensors and lines 36 to 44 of the list of bad inputs (reliability notes,
// section 2).
#include "formats/safetensors.h"

#include "formats/format_test.h"
#include "formats/safetensors_writer.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

Result<SafetensorsHeader> read(const std::string& header, size_t n_data) {
  return read_safetensors_header(*source_of(Bytes().text(header).raw(std::string(n_data, 'd')).data, "m.safetensors"));
}
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, uint64_t begin, uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}
std::string object(const std::string& members) {
  return "{" + members + "}";
}

TEST(SafetensorsAnchors, EveryVerdictTensorAndWrittenByte) {
  SOTTO_NEEDS(path, test::anchor("safetensors/cases.json"));
  const auto document = test::read_json(path);
  size_t n_cases = 0, n_written = 0;
  for (const auto& item : document.at("cases")) {
    const std::string name = item.at("name");
    SCOPED_TRACE(name);
    ++n_cases;
    const auto bytes = test::from_hex(item.at("bytes_hex").get<std::string>());
    ModelFile model;
    model.sources = {memory_source(bytes, name)};
    const auto header = read_safetensors_header(*model.sources[0]);
    if (item.at("verdict") == "reject") {
      EXPECT_FALSE(header);
      EXPECT_TRUE(header || !(header.error().message.empty() || header.error().where.empty())) << text_of(header);
      continue;
    }
    ASSERT_TRUE(header) << text_of(header);
    EXPECT_TRUE(is_safetensors(std::span(bytes).first(std::min<size_t>(64, bytes.size())), bytes.size()));
    const auto& expected = item.at("expect");
    EXPECT_EQ(header->tensors.size(), expected.at("tensors").size());
    std::map<std::string, std::string> metadata(header->metadata.begin(), header->metadata.end());
    EXPECT_EQ(metadata, expected.value("metadata", (std::map<std::string, std::string>())));
    std::vector<SafetensorsTensor> again;
    for (const TensorEntry& tensor : header->tensors) {
      const auto& wanted = expected.at("tensors").at(tensor.name);
      EXPECT_EQ(quant::info(tensor.type).safetensors, wanted.at("dtype").get<std::string>());
      EXPECT_EQ(tensor.shape, wanted.at("shape").get<std::vector<uint64_t>>());
      std::vector<std::byte> scratch;
      const auto data = tensor_bytes(model, tensor, scratch);
      ASSERT_TRUE(data);
      EXPECT_EQ(std::vector<std::byte>(data->begin(), data->end()), test::from_hex(wanted.at("data_hex").get<std::string>()));
      again.push_back({tensor.name, tensor.type, tensor.shape, *data});
    }
    if (n_cases <= 5) {  // the README: the first four and "forced alignment" are what a writer must produce
      std::string file;
      ASSERT_TRUE(write_safetensors(again, header->metadata, sink_into(file)));
      EXPECT_EQ(as_bytes(file), bytes);
      ++n_written;
    }
  }
  EXPECT_EQ(n_cases, 29u);
  EXPECT_EQ(n_written, 5u);
}

TEST(SafetensorsWriter, WhatIsWrittenIsReadBack) {
  const auto a = as_bytes("01234567"), b = as_bytes("abcd");
  const std::vector<SafetensorsTensor> tensors{{"a \"quoted\"", quant::DType::f32, {2, 1}, a}, {"b", quant::DType::bf16, {2}, b}};
  std::string file;
  ASSERT_TRUE(write_safetensors(tensors, {}, sink_into(file)));
  const auto header = read_safetensors_header(UnmappedSource(file));
  ASSERT_TRUE(header) << text_of(header);
  EXPECT_EQ(header->tensors[0].name, "a \"quoted\"");
  EXPECT_EQ(header->tensors[1].offset, file.size() - 4);
  EXPECT_REFUSED(write_safetensors(std::vector<SafetensorsTensor>{{"q", quant::DType::q8_0, {32}, a}}, {}, sink_into(file)),
                 ErrorCode::unsupported, "q8_0");
  EXPECT_REFUSED(write_safetensors(std::vector<SafetensorsTensor>{{"q", quant::DType::f32, {3}, a}}, {}, sink_into(file)),
                 ErrorCode::invalid_argument, "(3)");
}

TEST(SafetensorsBad, Line36HeaderLength) {
  EXPECT_REFUSED(read_safetensors_header(*source_of(Bytes().u64(1000).raw("{}").data)), ErrorCode::bad_model, "1000 bytes");
  EXPECT_REFUSED(read_safetensors_header(*source_of(Bytes().u64(100'000'001).raw("{}").data)), ErrorCode::bad_model, "100000000");
  EXPECT_REFUSED(read_safetensors_header(*source_of(Bytes().u64(UINT64_MAX).raw("{}").data)), ErrorCode::bad_model, "100000000");
  EXPECT_REFUSED(read("", 0), ErrorCode::bad_model, "JSON");
  EXPECT_REFUSED(read_safetensors_header(*source_of("1234567")), ErrorCode::bad_model, "length");
}
TEST(SafetensorsBad, Line37HeaderIsNoJsonObject) {
  EXPECT_REFUSED(read("\xFF\xFE", 0), ErrorCode::bad_model, "JSON");
  EXPECT_REFUSED(read("hello", 0), ErrorCode::bad_model, "JSON");
  EXPECT_REFUSED(read("[]", 0), ErrorCode::bad_model, "object");
  EXPECT_REFUSED(read("{}{}", 0), ErrorCode::bad_model, "JSON");
  EXPECT_REFUSED(read(std::string("{}\0", 3), 0), ErrorCode::bad_model, "JSON");
  EXPECT_TRUE(read(" {}", 0));
}
TEST(SafetensorsBad, Line38NestedArrays) {
  EXPECT_REFUSED(read("{\"a\":" + std::string(100000, '['), 0), ErrorCode::bad_model, "64 levels");
}
TEST(SafetensorsBad, Line39Duplicates) {
  EXPECT_REFUSED(read(object(entry("t", "U8", "[1]", 0, 1) + "," + entry("t", "U8", "[1]", 1, 2)), 2), ErrorCode::bad_model,
                 "\"t\" in m.safetensors occurs twice");
  EXPECT_REFUSED(read(R"({"t":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1), ErrorCode::bad_model,
                 "\"dtype\"");
}
TEST(SafetensorsBad, Line40Shapes) {
  for (const char* shape : {"[-1]", "[1.5]", "[9223372036854775808,9223372036854775808]", "[18446744073709551616]", "[1e1]",
                            "[\"1\"]", "[null]", "[[1]]", "1", "{}"})
    EXPECT_REFUSED(read(object(entry("t", "U8", shape, 0, 1)), 1), ErrorCode::bad_model, "shape");
  std::string ones = "[1";
  for (int i = 0; i < 1000000; ++i) ones += ",1";
  EXPECT_REFUSED(read(object(entry("t", "U8", ones + "]", 0, 1)), 1), ErrorCode::bad_model, "m.safetensors");
  EXPECT_REFUSED(read(object(entry("t", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1)), 1), ErrorCode::bad_model, "at most 8");
  EXPECT_TRUE(read(object(entry("t", "U8", "[1,1,1,1,1,1,1,1]", 0, 1)), 1));
}
TEST(SafetensorsBad, Line41Offsets) {
  EXPECT_REFUSED(read(object(entry("t", "U8", "[2]", 2, 0)), 2), ErrorCode::bad_model, "data_offsets");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[2]", 0, 2) + "," + entry("b", "U8", "[2]", 1, 3)), 3), ErrorCode::bad_model,
                 "\"b\"");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[2]", 0, 2) + "," + entry("b", "U8", "[2]", 3, 5)), 5), ErrorCode::bad_model,
                 "\"b\"");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[2]", 1, 3)), 3), ErrorCode::bad_model, "\"a\"");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[2]", 0, 2)), 3), ErrorCode::bad_model, "cover 2 bytes");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[2]", 0, 2)), 1), ErrorCode::bad_model, "ends at byte 2");
  EXPECT_REFUSED(read(object(entry("a", "U8", "[9223372036854775807]", 0, INT64_MAX)), 1), ErrorCode::bad_model, "\"a\"");
  EXPECT_REFUSED(read(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1), ErrorCode::bad_model, "data_offsets");
  EXPECT_REFUSED(read(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1), ErrorCode::bad_model, "data_offsets");
  EXPECT_REFUSED(read(R"({"t":{"dtype":"U8","shape":[1]}})", 1), ErrorCode::bad_model, "data_offsets");
}
TEST(SafetensorsBad, Line42BytesUnlikeShapeTimesType) {
  EXPECT_REFUSED(read(object(entry("t", "F32", "[2,2]", 0, 15)), 15), ErrorCode::bad_model, "wanted: 16");
  EXPECT_REFUSED(read(object(entry("t", "I64", "[1152921504606846976,16]", 0, 0)), 0), ErrorCode::bad_model, "shape");
}
TEST(SafetensorsBad, Line43Types) {
  EXPECT_REFUSED(read(object(entry("t", "XYZ", "[1]", 0, 1)), 1), ErrorCode::unsupported, "XYZ");
  EXPECT_REFUSED(read(object(entry("t", "", "[1]", 0, 1)), 1), ErrorCode::unsupported, "dtype");
  EXPECT_REFUSED(read(object(entry("t", "f32", "[1]", 0, 4)), 4), ErrorCode::unsupported, "f32");
  EXPECT_REFUSED(read(R"({"t":{"dtype":7,"shape":[1],"data_offsets":[0,1]}})", 1), ErrorCode::bad_model, "dtype");
  EXPECT_REFUSED(read(R"({"t":7})", 0), ErrorCode::bad_model, "dtype");
  const auto f4 = read(object(entry("t", "F4", "[3,2]", 0, 3)), 3);
  ASSERT_TRUE(f4) << text_of(f4);
  EXPECT_FALSE(quant::info(f4->tensors[0].type).computed());
}
TEST(SafetensorsBad, Line44Metadata) {
  EXPECT_REFUSED(read(R"({"__metadata__":{},"__metadata__":{}})", 0), ErrorCode::bad_model, "twice");
  EXPECT_REFUSED(read(R"({"__metadata__":{"a":1}})", 0), ErrorCode::bad_model, "__metadata__");
  EXPECT_REFUSED(read(R"({"__metadata__":"a"})", 0), ErrorCode::bad_model, "__metadata__");
  EXPECT_REFUSED(read(R"({"__metadata__":{"a":{"b":"c"}}})", 0), ErrorCode::bad_model, "__metadata__");
}

}  // namespace
}  // namespace sotto::formats
