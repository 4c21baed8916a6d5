#include "formats/json.h"

#include "formats/format_test.h"
#include "support/anchors.h"

namespace sotto::formats {
namespace {

Result<Json> parse(std::string_view text) {
  return Json::parse(text, "doc");
}
std::string repeat(const std::string& text, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += text;
  return out;
}

TEST(Json, HoldsEveryKindOfValueInTheOrderOfTheFile) {
  const auto json = parse(R"({"b":true,"a":[null,-1,18446744073709551615,1.5,"\u00e9\ud83d\ude00"],"o":{}})");
  ASSERT_TRUE(json) << text_of(json);
  const Json::Object& object = *json->as_object();
  EXPECT_EQ(object[0].first, "b");
  EXPECT_EQ(object[1].first, "a");
  EXPECT_TRUE(*json->find("b")->as_bool());
  const Json::Array& array = *json->find("a")->as_array();
  EXPECT_TRUE(array[0].is_null());
  EXPECT_EQ(*array[1].as_int(), -1);
  EXPECT_EQ(std::get<uint64_t>(array[2].value()), UINT64_MAX);
  EXPECT_EQ(*array[3].as_double(), 1.5);
  EXPECT_EQ(*array[4].as_string(), "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(json->find("o")->kind(), "object");
  EXPECT_EQ(json->find("none"), nullptr);
  EXPECT_EQ(array[1].find("x"), nullptr);
}

TEST(Json, NestedContainersKeepTheirItems) {
  const auto json = parse(R"([[1,[2,3],{"a":[4],"b":{"c":5}}],[],6])");
  ASSERT_TRUE(json) << text_of(json);
  const auto& outer = *json->as_array();
  ASSERT_EQ(outer.size(), 3u);
  const auto& first = *outer[0].as_array();
  EXPECT_EQ(*(*first[1].as_array())[1].as_int(), 3);
  EXPECT_EQ(*(*first[2].find("a")->as_array())[0].as_int(), 4);
  EXPECT_EQ(*first[2].find("b")->find("c")->as_int(), 5);
  EXPECT_TRUE(outer[1].as_array()->empty());
  EXPECT_EQ(*outer[2].as_int(), 6);
}

TEST(Json, OneHundredThousandNestedArraysAreRefused) {
  EXPECT_REFUSED(parse(std::string(100000, '[')), ErrorCode::bad_model, "64 levels");
  EXPECT_REFUSED(parse(repeat("{\"a\":", 100000)), ErrorCode::bad_model, "64 levels");
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(parse(std::string(65, '[') + std::string(65, ']')));
}

TEST(Json, DuplicateKeysAreRefusedInSmallAndLargeObjects) {
  EXPECT_REFUSED(parse(R"({"x":1,"y":{"twin":1,"twin":2}})"), ErrorCode::bad_model, "twin");
  EXPECT_TRUE(parse(R"({"x":{"twin":1},"y":{"twin":2}})"));
  std::string large = "{";
  for (int i = 0; i < 1000; ++i) large += "\"key" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse(large + "\"last\":0}"));
  EXPECT_REFUSED(parse(large + "\"key500\":0}"), ErrorCode::bad_model, "key500");
}

TEST(Json, ErrorsTellTheByteOffset) {
  const auto json = Json::parse("[1, 2, x]", "file.json");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().where, "file.json:8");
  EXPECT_NE(json.error().message.find("byte 8"), std::string::npos);
  const auto twice = Json::parse(R"({"a":1,"a":2} )", "file.json");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().where, "file.json:13");
}

TEST(Json, HugeNumbersAreRefusedOrBecomeFloats) {
  EXPECT_REFUSED(parse("1e999"), ErrorCode::bad_model, "doc");
  EXPECT_REFUSED(parse("-1e999"), ErrorCode::bad_model, "doc");
  const auto above = parse("18446744073709551616");
  ASSERT_TRUE(above);
  EXPECT_EQ(*above->as_double(), 18446744073709551616.0);
  const auto below = parse("-9223372036854775809");
  ASSERT_TRUE(below);
  EXPECT_NE(below->as_double(), nullptr);
  EXPECT_EQ(*parse("-9223372036854775808")->as_int(), INT64_MIN);
  EXPECT_REFUSED(parse(std::string(1 << 20, '9')), ErrorCode::bad_model, "doc");
  EXPECT_TRUE(parse("0." + std::string(1 << 20, '1')));
  EXPECT_EQ(*parse("1e-999")->as_double(), 0.0);
}

TEST(Json, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"",       " ",    "NaN", "Infinity", "-Infinity", "nan",        "[NaN]", "01",        "+1",         ".5",
        "1.",     "0x10", "'a'", "{a:1}",    "[1,]",      "{\"a\":1,}", "[1] 2", "{} x",      "// c\n1",    "/* c */ 1",
        "\"\t\"", "\"a",  "tru", "{\"a\"}",  "{1:2}",     "[",          "]",     "\"\\x41\"", "\"\\u12G4\""})
    EXPECT_REFUSED(parse(text), ErrorCode::bad_model, "doc");
}

TEST(Json, InvalidUtf8IsRefused) {
  for (const char* text :
       {"\"\xFF\"", "\"\xC3\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "{\"\x80\":1}"})
    EXPECT_REFUSED(parse(text), ErrorCode::bad_model, "doc");
}

TEST(Json, LoneSurrogatesAreRefused) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")", R"("\udc00\ud800")"})
    EXPECT_REFUSED(parse(text), ErrorCode::bad_model, "doc");
  EXPECT_EQ(*parse(R"("\ud83d\ude00")")->as_string(), "\xF0\x9F\x98\x80");
}

TEST(Json, AZeroByteEndsNothing) {
  EXPECT_REFUSED(parse(std::string_view("{}\0", 3)), ErrorCode::bad_model, "zero byte");
  EXPECT_REFUSED(parse(std::string_view("[1]\0 2", 6)), ErrorCode::bad_model, "doc:3");
}

TEST(Json, AnEscapedZeroByteInsideAStringIsKept) {
  EXPECT_EQ(*parse(R"("a\u0000b")")->as_string(), std::string("a\0b", 3));
}

TEST(Json, MoreValuesThanAllowedAreRefused) {
  EXPECT_FALSE(Json::parse("[1,2,3]", "doc", {.max_depth = 64, .max_values = 3}));
  EXPECT_TRUE(Json::parse("[1,2,3]", "doc", {.max_depth = 64, .max_values = 4}));
  EXPECT_REFUSED(parse("[" + repeat("0,", 1000000) + "0]"), ErrorCode::bad_model, "values");
}

TEST(Json, MessagesStayShortWhateverTheDocumentHolds) {
  const auto open_string = parse("\"" + std::string(1 << 20, 'a'));
  ASSERT_FALSE(open_string);
  EXPECT_LT(open_string.error().message.size(), 400u);
  const std::string key(1 << 20, 'k');
  const auto twice = parse("{\"" + key + "\":1,\"" + key + "\":2}");
  ASSERT_FALSE(twice);
  EXPECT_LT(twice.error().message.size(), 400u);
}

TEST(Json, RealTokenizersParse) {
  SOTTO_NEEDS(path, test::anchor("transformers/tokenizers/llama3/tokenizer.json"));
  const std::string text = test::read_text(path);
  const auto json = Json::parse(text, path);
  ASSERT_TRUE(json) << text_of(json);
  const auto oracle = nlohmann::json::parse(text);
  EXPECT_EQ(json->find("model")->find("vocab")->as_object()->size(), oracle["model"]["vocab"].size());
  EXPECT_EQ(json->find("model")->find("merges")->as_array()->size(), oracle["model"]["merges"].size());
}

TEST(Json, MembersAreHandedOverOneByOne) {
  std::string seen;
  const Json::MemberSink sink = [&](std::string name, Json value) -> Status {
    seen += name + ":" + std::string(value.kind()) + " ";
    if (name == "bad") return Error{ErrorCode::unsupported, "refused by the sink", name};
    return {};
  };
  EXPECT_TRUE(Json::parse_members(R"({"a":{"x":{"y":1}},"b":[{"z":2}],"c":3,"a":null})", "doc", sink));
  EXPECT_EQ(seen, "a:object b:array c:number a:null ");
  EXPECT_REFUSED(Json::parse_members(R"({"bad":1, "never":2})", "doc", sink), ErrorCode::unsupported, "refused by the sink");
  EXPECT_EQ(seen.find("never"), std::string::npos);
  EXPECT_REFUSED(Json::parse_members("[1]", "doc", sink), ErrorCode::bad_model, "object");
  EXPECT_REFUSED(Json::parse_members(R"({"c":{"twin":1,"twin":2}})", "doc", sink), ErrorCode::bad_model, "twin");
  EXPECT_REFUSED(Json::parse_members(R"({"c":1)", "doc", sink), ErrorCode::bad_model, "doc:6");
}

TEST(JsonQuote, RoundTripsThroughAnotherParser) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(nlohmann::json::parse(json_quote(text)).get<std::string>(), text);
  EXPECT_EQ(json_quote(""), "\"\"");
}

TEST(JsonQuote, InvalidBytesBecomeReplacementCharacters) {
  EXPECT_EQ(json_quote("a\xFF\xC3z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_quote("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace sotto::formats
