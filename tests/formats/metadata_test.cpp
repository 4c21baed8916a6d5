#include <cmath>

#include "formats/format_test.h"

namespace sotto::formats {
namespace {

Metadata sample() {
  Metadata metadata("config.json");
  metadata.set("heads", int64_t{4});
  metadata.set("huge", uint64_t{1} << 63);
  metadata.set("theta", 10000.5);
  metadata.set("nan", std::nan(""));
  metadata.set("tied", true);
  metadata.set("name", std::string("llama"));
  metadata.set("ids", std::vector<int64_t>{1, 2});
  metadata.set("factors", std::vector<double>{1.5});
  metadata.set("tokens", std::vector<std::string>{"a", "b"});
  metadata.set("none", Json());
  metadata.set("empty", std::vector<int64_t>{});
  return metadata;
}

TEST(Metadata, GettersGiveWhatIsThere) {
  const Metadata m = sample();
  EXPECT_EQ(*m.integer("heads", 1, 8), 4);
  EXPECT_EQ(*m.number("theta", 0, 1e9), 10000.5);
  EXPECT_EQ(*m.number("heads", 0, 10), 4.0);
  EXPECT_TRUE(*m.boolean("tied"));
  EXPECT_EQ(*m.string("name"), "llama");
  EXPECT_EQ(m.integers("ids")->size(), 2u);
  EXPECT_EQ((*m.numbers("factors"))[0], 1.5);
  EXPECT_EQ((*m.strings("tokens"))[1], "b");
  EXPECT_TRUE(m.strings("empty")->empty());
  EXPECT_TRUE(m.numbers("empty")->empty());
}

TEST(Metadata, RangesIncludeTheirEnds) {
  const Metadata m = sample();
  EXPECT_TRUE(m.integer("heads", 4, 4));
  EXPECT_REFUSED(m.integer("heads", 5, 8), ErrorCode::bad_model, "integer 4, wanted: an integer from 5 to 8");
  EXPECT_REFUSED(m.integer("heads", 1, 3), ErrorCode::bad_model, "heads");
  EXPECT_REFUSED(m.integer("huge", 1, INT64_MAX), ErrorCode::bad_model, "9223372036854775808");
  EXPECT_REFUSED(m.number("nan", -INFINITY, INFINITY), ErrorCode::bad_model, "nan");
}

TEST(Metadata, ErrorsNameFieldFileGotAndWanted) {
  const Metadata m = sample();
  const auto wrong_type = m.integer("name", 1, 8);
  ASSERT_FALSE(wrong_type);
  EXPECT_EQ(wrong_type.error().where, "name");
  EXPECT_EQ(wrong_type.error().message, "'name' in config.json is string \"llama\", wanted: an integer from 1 to 8");
  EXPECT_REFUSED(m.integer("theta", 1, 1 << 20), ErrorCode::bad_model, "number 10000.5");
  EXPECT_REFUSED(m.integer("absent", 1, 8), ErrorCode::bad_model, "'absent' in config.json is missing");
  EXPECT_REFUSED(m.boolean("heads"), ErrorCode::bad_model, "true or false");
  EXPECT_REFUSED(m.string("tied"), ErrorCode::bad_model, "boolean true");
  EXPECT_REFUSED(m.strings("ids"), ErrorCode::bad_model, "array of integers");
  EXPECT_REFUSED(m.integers("factors"), ErrorCode::bad_model, "array of numbers");
  EXPECT_REFUSED(m.numbers("ids"), ErrorCode::bad_model, "array of integers");
  EXPECT_REFUSED(m.numbers("tokens"), ErrorCode::bad_model, "array of strings");
}

TEST(Metadata, AJsonNullIsAbsent) {
  const Metadata m = sample();
  EXPECT_FALSE(m.has("none"));
  EXPECT_EQ(m.find("none"), nullptr);
  EXPECT_REFUSED(m.integer("none", 1, 8), ErrorCode::bad_model, "missing");
}

TEST(Metadata, AnObjectWithMembersIsNoScalar) {
  Metadata m = sample();
  m.set("rope.theta", 1e4);
  m.set("ropes", 1.0);
  EXPECT_TRUE(m.has_members("rope"));
  for (const char* key : {"rope.theta", "ropes", "rop", "theta"}) EXPECT_FALSE(m.has_members(key)) << key;
  EXPECT_REFUSED(m.number("rope", 0, 1), ErrorCode::bad_model, "'rope' in config.json is object");
}

TEST(Metadata, ALongStringIsCutInMessages) {
  Metadata m("f");
  m.set("name", std::string(1 << 20, 'x'));
  const auto wrong = m.integer("name", 1, 2);
  ASSERT_FALSE(wrong);
  EXPECT_LT(wrong.error().message.size(), 200u);
}

TEST(TensorBytes, GivesAViewOrReads) {
  ModelFile file;
  file.sources = {source_of("0123456789"), std::make_shared<UnmappedSource>("abcdefghij")};
  std::vector<std::byte> scratch;
  TensorEntry tensor{.name = "t", .type = {}, .shape = {4}, .offset = 3, .n_bytes = 4, .source = 0};
  auto bytes = tensor_bytes(file, tensor, scratch);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::memcmp(bytes->data(), "3456", 4), 0);
  EXPECT_TRUE(scratch.empty());
  tensor.source = 1;
  bytes = tensor_bytes(file, tensor, scratch);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::memcmp(bytes->data(), "defg", 4), 0);
  EXPECT_EQ(scratch.size(), 4u);
}

TEST(TensorBytes, NeverReachesPastTheSource) {
  ModelFile file;
  file.sources = {source_of("0123456789")};
  std::vector<std::byte> scratch;
  EXPECT_REFUSED(tensor_bytes(file, {.name = "t", .type = {}, .shape = {}, .offset = 7, .n_bytes = 4, .source = 0}, scratch),
                 ErrorCode::bad_model, "t");
  EXPECT_REFUSED(
      tensor_bytes(file, {.name = "t", .type = {}, .shape = {}, .offset = UINT64_MAX, .n_bytes = 4, .source = 0}, scratch),
      ErrorCode::bad_model, "t");
  EXPECT_REFUSED(tensor_bytes(file, {.name = "t", .type = {}, .shape = {}, .offset = 0, .n_bytes = 1, .source = 1}, scratch),
                 ErrorCode::internal, "t");
}

}  // namespace
}  // namespace sotto::formats
