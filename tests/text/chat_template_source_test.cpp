#include "text/chat_template_source.h"

#include <gtest/gtest.h>

namespace sotto::text {
namespace {

formats::ModelFile folder(std::string config, std::string jinja = {}) {
  formats::ModelFile file;
  file.naming = formats::Naming::hugging_face;
  file.hugging_face.tokenizer_config_json = std::move(config);
  file.hugging_face.chat_template = std::move(jinja);
  return file;
}

std::string found(const formats::ModelFile& file) {
  const auto source = chat_template_source(file);
  return source ? *source : "error: " + source.error().message;
}

TEST(ChatTemplateSource, GgufKey) {
  formats::ModelFile file;
  EXPECT_EQ(found(file), "");
  file.metadata.set("tokenizer.chat_template", std::string("T"));
  EXPECT_EQ(found(file), "T");
  file.metadata.set("tokenizer.chat_template", int64_t{1});
  EXPECT_FALSE(chat_template_source(file));
}

TEST(ChatTemplateSource, OfAFolder) {
  EXPECT_EQ(found(folder("")), "");
  EXPECT_EQ(found(folder("{}")), "");
  EXPECT_EQ(found(folder(R"({"chat_template": null})")), "");
  EXPECT_EQ(found(folder(R"({"chat_template": "T"})")), "T");
  EXPECT_EQ(found(folder(R"({"chat_template": "T"})", "file")), "file");
  EXPECT_EQ(found(folder(R"({"chat_template": [{"name": "tool_use", "template": "U"}, {"name": "default", "template": "D"}]})")),
            "D");
}

TEST(ChatTemplateSource, NeverGuesses) {
  for (const char* config : {R"({"chat_template": [{"name": "rag", "template": "R"}]})", R"({"chat_template": 3})",
                             R"({"chat_template": [1]})", R"({"chat_template": [{"name": "default"}]})"}) {
    const auto source = chat_template_source(folder(config));
    ASSERT_FALSE(source) << config;
    EXPECT_EQ(source.error().where, "chat_template");
  }
  EXPECT_FALSE(chat_template_source(folder("{")));
}

}  // namespace
}  // namespace sotto::text
