// GGUF as it should be, and lines 1 to 22 of the list of bad inputs (reliability notes, section 2).
#include "formats/gguf.h"

#include "formats/format_test.h"

namespace sotto::formats {
namespace {

enum : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

Result<ModelFile> read(const std::string& bytes, const ReadOptions& options = {}) {
  return read_model(source_of(bytes, "model.gguf"), {}, options);
}
Result<GgufHeader> header_of(const std::string& bytes) {
  return read_gguf_header(*source_of(bytes, "model.gguf"));
}

/// One key with the given type and value bytes.
Result<ModelFile> read_key(const std::string& key, uint32_t type, const Bytes& value) {
  return read(gguf(0, 1).text(key).u32(type).raw(value.data).data + std::string(64, '\0'));
}
/// One F32 or other tensor, with plenty of bytes behind.
Result<ModelFile> read_tensor(const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset = 0) {
  Bytes file = gguf(1, 0);
  add_tensor(file, "t", dims, type, offset);
  return read(file.pad().data + std::string(4096, '\0'));
}

TEST(Gguf, EveryValueTypeInBothVersions) {
  for (const uint32_t version : {2u, 3u}) {
    Bytes file = gguf(0, 14, version);
    file.text("u8").u32(kU8).u8(200).text("i8").u32(kI8).add(int8_t{-3}).text("u16").u32(kU16).add(uint16_t{60000});
    file.text("i16").u32(kI16).add(int16_t{-30000}).text("u32").u32(kU32).u32(4000000000u).text("i32").u32(kI32).add(int32_t{-7});
    file.text("f32").u32(kF32).add(0.5f).text("yes").u32(kBool).u8(1).text("text").u32(kString).text("h\xC3\xA9");
    file.text("u64").u32(kU64).u64(5).text("big").u32(kU64).u64(UINT64_MAX).text("i64").u32(kI64).add(INT64_MIN);
    file.text("f64").u32(kF64).add(1e300).text("strings").u32(kArray).u32(kString).u64(2).text("a").text("");
    for (const bool mapped : {true, false}) {
      const std::shared_ptr<const ByteSource> source = mapped ? source_of(file.data) : std::make_shared<UnmappedSource>(file.data);
      const auto header = read_gguf_header(*source);
      ASSERT_TRUE(header) << text_of(header);
      const Metadata& m = header->metadata;
      EXPECT_EQ(header->version, version);
      EXPECT_EQ(*m.integer("u8", 0, 255), 200);
      EXPECT_EQ(*m.integer("i8", -9, 0), -3);
      EXPECT_EQ(*m.integer("u16", 0, 65535), 60000);
      EXPECT_EQ(*m.integer("i16", -32768, 0), -30000);
      EXPECT_EQ(*m.integer("u32", 0, INT64_MAX), 4000000000);
      EXPECT_EQ(*m.integer("i32", -9, 0), -7);
      EXPECT_EQ(*m.number("f32", 0, 1), 0.5);
      EXPECT_TRUE(*m.boolean("yes"));
      EXPECT_EQ(*m.string("text"), "h\xC3\xA9");
      EXPECT_EQ(*m.integer("u64", 0, 9), 5);
      EXPECT_EQ(std::get<uint64_t>(*m.find("big")), UINT64_MAX);
      EXPECT_EQ(*m.integer("i64", INT64_MIN, 0), INT64_MIN);
      EXPECT_EQ(*m.number("f64", 0, 1e301), 1e300);
      EXPECT_EQ(copy_of(m.strings("strings")), (std::vector<std::string>{"a", ""}));
    }
  }
}

template <class T>
void expect_array(uint32_t type, const std::vector<T>& values) {
  Bytes file = gguf(0, 1).text("a").u32(kArray).u32(type).u64(values.size());
  for (const T value : values) file.add(value);
  const auto header = read_gguf_header(UnmappedSource(file.data));
  ASSERT_TRUE(header) << text_of(header);
  if constexpr (std::is_floating_point_v<T>)
    EXPECT_EQ(copy_of(header->metadata.numbers("a")), std::vector<double>(values.begin(), values.end())) << type;
  else
    EXPECT_EQ(copy_of(header->metadata.integers("a")), std::vector<int64_t>(values.begin(), values.end())) << type;
}

TEST(Gguf, EveryArrayType) {
  expect_array<uint8_t>(kU8, {0, 255});
  expect_array<int8_t>(kI8, {-128, 127});
  expect_array<uint16_t>(kU16, {0, 65535});
  expect_array<int16_t>(kI16, {-32768, 32767});
  expect_array<uint32_t>(kU32, {0, 4000000000u});
  expect_array<int32_t>(kI32, {-5, 5});
  expect_array<float>(kF32, {0.25f, -1.0f});
  expect_array<uint64_t>(kU64, {1, 2});
  expect_array<int64_t>(kI64, {-1, 2});
  expect_array<double>(kF64, {0.1, 0.2});
  expect_array<float>(kF32, std::vector<float>(300000, 0.5f));  // over many windows
  const auto bools = read_key("a", kArray, Bytes().u32(kBool).u64(3).u8(1).u8(0).u8(1));
  ASSERT_TRUE(bools) << text_of(bools);
  EXPECT_EQ(std::get<std::vector<bool>>(*bools->metadata.find("a")), (std::vector<bool>{true, false, true}));
}

TEST(Gguf, ShapesAreTurnedOutermostFirstAndTypesNamed) {
  Bytes file = gguf(2, 0);
  add_tensor(file, "q", {64, 3}, 8, 0);
  add_tensor(file, "i", {256, 2}, 16, 224);  // iq2_xxs: known by name and size only
  const auto model = read(file.pad().data + std::string(4096, '\0'));
  ASSERT_TRUE(model) << text_of(model);
  const TensorEntry* q = model->find("q");
  ASSERT_NE(q, nullptr);
  EXPECT_EQ(q->shape, (std::vector<uint64_t>{3, 64}));
  EXPECT_EQ(q->n_bytes, 3u * 2 * 34);
  EXPECT_EQ(model->find("i")->type, quant::DType::iq2_xxs);
  EXPECT_EQ(model->tensor_bytes(), 204u + 132u);
  EXPECT_EQ(model->find("none"), nullptr);
  EXPECT_EQ(model->naming, Naming::gguf);
}

TEST(Gguf, TensorsMayLieInAnyOrderAndWithGaps) {
  Bytes file = gguf(2, 0);
  add_tensor(file, "late", {8}, 0, 64);
  add_tensor(file, "early", {8}, 0, 0);
  EXPECT_TRUE(read(file.pad().data + std::string(96, '\0')));
}

TEST(Gguf, TokenizerOnlyNeedsNoData) {
  Bytes file = gguf(1, 0);
  add_tensor(file, "t", {1024}, 0, 0);
  EXPECT_FALSE(read(file.pad().data));
  const auto model = read(file.data, {.tokenizer_only = true});
  ASSERT_TRUE(model) << text_of(model);
  EXPECT_TRUE(model->tensors.empty());
}

TEST(GgufBad, Line1EmptyFile) {
  EXPECT_REFUSED(read(""), ErrorCode::bad_model, "empty");
}
TEST(GgufBad, Line2ThreeBytes) {
  EXPECT_REFUSED(read("GGU"), ErrorCode::bad_model, "47 47 55");
}
TEST(GgufBad, Line3WrongMagic) {
  std::string bytes = gguf(0, 0).data;
  bytes[3] = 'E';
  EXPECT_REFUSED(read(bytes), ErrorCode::bad_model, "\"GGUF\"");
  EXPECT_REFUSED(header_of(bytes), ErrorCode::bad_model, "\"GGUF\"");
}
TEST(GgufBad, Line4BigEndian) {
  EXPECT_REFUSED(read(gguf(0, 0, 0x03000000).data), ErrorCode::unsupported, "big-endian");
}
TEST(GgufBad, Line5OtherVersions) {
  for (const uint32_t version : {0u, 1u, 4u})
    EXPECT_REFUSED(read(gguf(0, 0, version).data), ErrorCode::unsupported, "version " + std::to_string(version));
}
TEST(GgufBad, Line6TensorCountOfAllOnes) {
  EXPECT_REFUSED(read(gguf(UINT64_MAX, 0).data), ErrorCode::bad_model, "number of tensors");
}
TEST(GgufBad, Line7KeyCountBeyondTheFile) {
  EXPECT_REFUSED(read(gguf(0, uint64_t{1} << 32).data), ErrorCode::bad_model, "metadata keys");
  EXPECT_REFUSED(read(gguf(0, 40000).data + std::string(1 << 20, '\0')), ErrorCode::bad_model, "32768");
}
TEST(GgufBad, Line8KeyLengthBeyondTheFile) {
  EXPECT_REFUSED(read(gguf(0, 1).u64(uint64_t{1} << 63).data + std::string(32, 'k')), ErrorCode::bad_model, "9223372036854775808");
  EXPECT_REFUSED(read(gguf(0, 1).text(std::string(70000, 'k')).u32(kU8).u8(0).data), ErrorCode::bad_model, "65535");
}
TEST(GgufBad, Line9EmptyOrDuplicateKey) {
  EXPECT_REFUSED(read_key("", kU32, Bytes().u32(1)), ErrorCode::bad_model, "empty");
  EXPECT_REFUSED(read(gguf(0, 2).text("twin").u32(kU8).u8(1).text("twin").u32(kU8).u8(1).data), ErrorCode::bad_model, "twin");
}
TEST(GgufBad, Line10KeyIsNoText) {
  EXPECT_REFUSED(read_key(std::string("a\0b", 3), kU32, Bytes().u32(1)), ErrorCode::bad_model, "no text");
  EXPECT_REFUSED(read_key("\xFF\xFE", kU32, Bytes().u32(1)), ErrorCode::bad_model, "no text");
}
TEST(GgufBad, Line11UnknownValueType) {
  EXPECT_REFUSED(read_key("k", 13, Bytes().u64(0)), ErrorCode::bad_model, "type 13");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(13).u64(0)), ErrorCode::bad_model, "type 13");
}
TEST(GgufBad, Line12NestedArrays) {
  Bytes value;
  for (int i = 0; i < 10000; ++i) value.u32(kArray).u64(1);
  EXPECT_REFUSED(read_key("k", kArray, value), ErrorCode::bad_model, "array of arrays");
}
TEST(GgufBad, Line13ArrayCountThatWraps) {
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kU64).u64(uint64_t{1} << 61)), ErrorCode::bad_model, "2305843009213693952");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kString).u64(uint64_t{1} << 61)), ErrorCode::bad_model, "2305843009213693952");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kBool).u64(uint64_t{1} << 61)), ErrorCode::bad_model, "2305843009213693952");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kU64).u64(1).u64(UINT64_MAX)), ErrorCode::bad_model, "2^63");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kU8).u64(1 << 20).raw(std::string(1 << 20, 'x'))), ErrorCode::bad_model,
                 "8-bit");
}
TEST(GgufBad, Line14BooleanSeven) {
  EXPECT_REFUSED(read_key("k", kBool, Bytes().u8(7)), ErrorCode::bad_model, "boolean 7");
  EXPECT_REFUSED(read_key("k", kArray, Bytes().u32(kBool).u64(2).u8(1).u8(7)), ErrorCode::bad_model, "boolean 7");
}
TEST(GgufBad, Line15Alignment) {
  for (const uint32_t alignment : {0u, 3u, 13u, 1u << 21, 1u << 30, 1u << 31})
    EXPECT_REFUSED(read_key("general.alignment", kU32, Bytes().u32(alignment)), ErrorCode::bad_model, "general.alignment");
  EXPECT_REFUSED(read_key("general.alignment", kI32, Bytes().u32(32)), ErrorCode::bad_model, "uint32");
  EXPECT_REFUSED(read_key("general.alignment", kString, Bytes().text("32")), ErrorCode::bad_model, "uint32");
  EXPECT_TRUE(read_key("general.alignment", kU32, Bytes().u32(1 << 20)));
}
TEST(GgufBad, Line16Rank) {
  EXPECT_REFUSED(read_tensor({}, 0), ErrorCode::bad_model, "0 dimensions");
  EXPECT_REFUSED(read_tensor({1, 1, 1, 1, 1}, 0), ErrorCode::bad_model, "5 dimensions");
  EXPECT_TRUE(read_tensor({1, 1, 1, 1}, 0));
}
TEST(GgufBad, Line17Dimensions) {
  EXPECT_REFUSED(read_tensor({4, 0}, 0), ErrorCode::bad_model, "dimension of 0");
  EXPECT_REFUSED(read_tensor({static_cast<uint64_t>(-1)}, 24), ErrorCode::bad_model, "63 bits");
  EXPECT_REFUSED(read_tensor({uint64_t{1} << 32, uint64_t{1} << 32}, 24), ErrorCode::bad_model, "63 bits");
  EXPECT_REFUSED(read_tensor({uint64_t{1} << 61}, 0), ErrorCode::bad_model, "63 bits");
  EXPECT_REFUSED(read_tensor({uint64_t{1} << 60}, 0), ErrorCode::bad_model, "ends at byte");
}
TEST(GgufBad, Line18BlockMultiple) {
  EXPECT_REFUSED(read_tensor({33, 32}, 8), ErrorCode::bad_model, "rows of 33");
}
TEST(GgufBad, Line19UnknownTensorType) {
  for (const uint32_t type : {4u, 5u, 31u, 36u, 10000u, UINT32_MAX})  // 4 and 5 were removed from the format
    EXPECT_REFUSED(read_tensor({32}, type), ErrorCode::unsupported, "type number " + std::to_string(type));
}
TEST(GgufBad, Line20DuplicateTensorName) {
  Bytes file = gguf(2, 0);
  add_tensor(file, "twin", {8}, 0, 0);
  add_tensor(file, "twin", {8}, 0, 32);
  EXPECT_REFUSED(read(file.pad().data + std::string(64, '\0')), ErrorCode::bad_model, "'twin' in model.gguf occurs twice");
  Bytes unnamed = gguf(1, 0);
  add_tensor(unnamed, "", {8}, 0, 0);
  EXPECT_REFUSED(read(unnamed.pad().data + std::string(64, '\0')), ErrorCode::bad_model, "name");
}
TEST(GgufBad, Line21Offsets) {
  EXPECT_REFUSED(read_tensor({8}, 0, 8), ErrorCode::bad_model, "alignment 32");
  EXPECT_REFUSED(read_tensor({8}, 0, 4096), ErrorCode::bad_model, "ends at byte");
  EXPECT_REFUSED(read_tensor({8}, 0, UINT64_MAX - 31), ErrorCode::bad_model, "64 bits");
  Bytes overlap = gguf(2, 0);
  add_tensor(overlap, "a", {16}, 0, 0);
  add_tensor(overlap, "b", {8}, 0, 32);
  EXPECT_REFUSED(read(overlap.pad().data + std::string(128, '\0')), ErrorCode::bad_model, "overlaps the tensor 'a'");
}
TEST(GgufBad, Line21SumsThatWrap) {
  Bytes file = gguf(3, 0);
  const uint64_t half = (uint64_t{1} << 63) - 64;
  add_tensor(file, "a", {half}, 24, 0);
  add_tensor(file, "b", {half}, 24, half);
  add_tensor(file, "c", {128}, 24, 0);  // where a wrapped sum would lie
  EXPECT_REFUSED(read(file.pad().data + std::string(256, '\0')), ErrorCode::bad_model, "tensor");
}
TEST(GgufBad, Line22DataCutByOneByte) {
  Bytes file = gguf(1, 0);
  add_tensor(file, "t", {16}, 0, 0);
  const std::string whole = file.pad().data + std::string(64, '\0');
  EXPECT_TRUE(read(whole));
  EXPECT_REFUSED(read(whole.substr(0, whole.size() - 1)), ErrorCode::bad_model, "'t'");
}

}  // namespace
}  // namespace sotto::formats
