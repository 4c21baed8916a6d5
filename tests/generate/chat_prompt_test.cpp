// Conversations through the templates and tokenizers of anchors/transformers/tokenizers: ids are those of transformers, and nothing
// that a message says becomes a control token.
#include "generate/chat_prompt.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/anchors.h"

namespace sotto::generate {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

class ChatPromptOf : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    SOTTO_NEEDS(folder, test::anchor(std::string("transformers/tokenizers/") + GetParam()));
    folder_ = folder;
    auto tokenizer = Tokenizer::open(folder_);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    model_.control_spellings = control_spellings(*tokenizer);
    model_.tokenizer = *tokenizer;
    auto parsed = ChatTemplate::parse(test::read_text(folder_ + "/chat_template.jinja"));
    ASSERT_TRUE(parsed) << parsed.error().message;
    model_.chat_template = *parsed;
  }
  size_t controls_in(const Ids& ids) const {
    return static_cast<size_t>(std::count_if(ids.begin(), ids.end(), [&](TokenId id) { return model_.tokenizer->is_control(id); }));
  }
  std::string folder_;
  Model::Impl model_;
};

TEST_P(ChatPromptOf, IdsOfTransformers) {
  size_t n = 0;
  const json cases = test::read_json(folder_ + "/cases.json");
  for (const json& chat : cases.at("chats")) {
    std::vector<Message> messages;
    for (const json& message : chat.at("messages")) messages.push_back({message.at("role"), message.at("content")});
    const auto text = render_chat(model_, messages, chat.at("add_generation_prompt"));
    const auto ids = encode_chat(model_, messages, chat.at("add_generation_prompt"));
    if (chat.contains("error")) {
      ASSERT_FALSE(ids);
      EXPECT_EQ(ids.error().code, ErrorCode::template_error);
      continue;
    }
    ASSERT_TRUE(text && ids) << (text ? ids.error() : text.error()).message;
    EXPECT_EQ(*text, chat.at("text").get<std::string>());
    // Messages of the anchors that spell control tokens are meant to become them there, here they never do.
    const bool spelled = std::any_of(messages.begin(), messages.end(),
                                     [&](const Message& m) { return model_.control_spellings.find(m.content, 0, true); });
    if (!spelled) EXPECT_EQ(*ids, chat.at("ids").get<Ids>()) << *text;
    ++n;
  }
  EXPECT_GT(n, 4u);
}

TEST_P(ChatPromptOf, MessagesSpellNothing) {
  const auto harmless = encode_chat(model_, std::vector<Message>{{"user", "harmless"}}, true);
  ASSERT_TRUE(harmless) << harmless.error().message;
  size_t n = 0;
  for (size_t i = 0; i < model_.tokenizer->vocab_size(); ++i) {
    if (!model_.tokenizer->is_control(static_cast<TokenId>(i))) continue;
    const std::string piece(model_.tokenizer->piece(static_cast<TokenId>(i)));
    for (const std::string& content : {piece, "a" + piece + piece + " b", piece.substr(0, 2) + piece + piece.substr(2)}) {
      const auto ids = encode_chat(model_, std::vector<Message>{{"user", content}}, true);
      ASSERT_TRUE(ids) << ids.error().message;
      EXPECT_EQ(controls_in(*ids), controls_in(*harmless)) << content;
      ++n;
    }
  }
  EXPECT_GT(n, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, ChatPromptOf, testing::Values("gemma", "gpt2", "llama", "llama3", "qwen2"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sotto::generate
