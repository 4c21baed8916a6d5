// Templates with what Python's Jinja2 prints for them.
#include <filesystem>

#include "sotto/chat.h"
#include "support/anchors.h"
#include "text_templates/render.h"

namespace sotto::jinja {
namespace {

using nlohmann::ordered_json;

ordered_json read(const std::string& path) {
  return ordered_json::parse(test::read_text(path));
}

/// Callables that stand for functions of the host: values only here.
bool needs_function(const ordered_json& unit) {
  return unit["context"].dump().find("$function") != std::string::npos;
}

/// `wanted`: {text} or {error}; where Python raises an error, what `otherwise` says may be printed as well.
void expect(const ordered_json& unit, const SyntaxOptions& options, const ordered_json& wanted, const std::string& otherwise) {
  const auto text = try_render(unit["template"].get<std::string>(), unit["context"].dump(), options);
  if (wanted.contains("text")) {
    ASSERT_TRUE(text) << text.error().where << ": " << text.error().message;
    EXPECT_EQ(*text, wanted["text"].get<std::string>());
  } else if (text) {
    EXPECT_EQ(*text, otherwise);
  } else {
    EXPECT_EQ(text.error().code, ErrorCode::template_error);
  }
}

TEST(TemplateAnchors, Units) {
  SOTTO_NEEDS(path, test::anchor("jinja/units.json"));
  size_t n_run = 0, n_left_out = 0;
  const ordered_json all = read(path);
  for (const auto& unit : all["units"]) {
    SCOPED_TRACE(unit["name"].get<std::string>());
    if (needs_function(unit)) {
      ++n_left_out;
      continue;
    }
    ++n_run;
    const std::string expected = unit["expected"];
    expect(unit, {false, false}, unit.contains("python_differs") ? unit["python_differs"] : ordered_json{{"text", expected}},
           expected);
    expect(unit, {true, true}, unit["python_trim"], unit.value("js_trim", expected));
  }
  EXPECT_EQ(n_left_out, 4u);
  EXPECT_EQ(n_run + n_left_out, 161u);
}

TEST(TemplateAnchors, RefusedTemplates) {
  SOTTO_NEEDS(path, test::anchor("jinja/errors.json"));
  const auto cases = read(path)["cases"];
  EXPECT_EQ(cases.size(), 15u);
  for (const auto& refused : cases) {
    const auto text = try_render(refused["template"].get<std::string>(), refused["context"].dump());
    ASSERT_FALSE(text) << refused["name"];
    EXPECT_EQ(text.error().code, ErrorCode::template_error);
    EXPECT_NE(text.error().where.find(':'), std::string::npos) << "no line and column: " << text.error().where;
  }
}

/// `wanted`: one of the renders, {text} or {error, message, [text_without_sandbox]}.
void expect_render(const Result<std::string>& text, const ordered_json& wanted) {
  if (wanted.contains("text")) {
    ASSERT_TRUE(text) << text.error().where << ": " << text.error().message;
    EXPECT_EQ(*text, wanted["text"].get<std::string>());
  } else if (text) {
    EXPECT_EQ(*text, wanted.value("text_without_sandbox", std::string("an error: ") + wanted["error"].get<std::string>()));
  } else if (wanted["error"] == "raise_exception") {
    EXPECT_EQ(text.error().message, wanted["message"].get<std::string>());
  }
}

TEST(TemplateAnchors, PublishedTemplates) {
  SOTTO_NEEDS(path, test::anchor("jinja/templates.json"));
  const ordered_json all = read(path);
  size_t n_renders = 0;
  for (const auto& entry : all["templates"]) {
    const auto chat_template = ChatTemplate::parse(entry["template"]);
    ASSERT_TRUE(chat_template) << entry["name"] << " " << chat_template.error().where << ": " << chat_template.error().message;
    for (const auto& [key, wanted] : entry["renders"].items()) {
      SCOPED_TRACE(entry["name"].get<std::string>() + " " + key);
      ++n_renders;
      ordered_json variables = all["variables"];
      variables.update(all["conversations"][key.substr(0, key.find('+'))]);
      variables["add_generation_prompt"] = key.ends_with("+gen");
      expect_render(chat_template->render_json(variables.dump(), kNoon), wanted);
    }
  }
  EXPECT_EQ(n_renders, 360u);
}

/// Names of special tokens and their texts: a string, or an object that holds it.
void add_special_tokens(const ordered_json& config, ordered_json& variables) {
  for (const auto& [key, token] : config.items()) {
    if (!key.ends_with("_token") || token.is_null() || token.is_boolean()) continue;
    variables[key] = token.is_object() ? token["content"] : token;
  }
}

TEST(TemplateAnchors, TransformersChats) {
  SOTTO_NEEDS(folder, test::anchor("transformers/tokenizers"));
  size_t n_chats = 0;
  for (const char* kind : {"gemma", "gpt2", "llama", "llama3", "qwen2"}) {
    const std::string path = folder + "/" + kind + "/";
    const auto chat_template = ChatTemplate::parse(test::read_text(path + "chat_template.jinja"));
    ASSERT_TRUE(chat_template) << kind << " " << chat_template.error().message;
    const ordered_json cases = read(path + "cases.json"), config = read(path + "tokenizer_config.json");
    for (const auto& chat : cases["chats"]) {
      SCOPED_TRACE(std::string(kind) + " " + chat["messages"].dump());
      ++n_chats;
      ordered_json variables = {{"messages", chat["messages"]}, {"add_generation_prompt", chat["add_generation_prompt"]}};
      add_special_tokens(config, variables);
      const auto text = chat_template->render_json(variables.dump(), kNoon);
      if (chat.contains("text")) {
        ASSERT_TRUE(text) << text.error().message;
        EXPECT_EQ(*text, chat["text"].get<std::string>());
      } else {
        ASSERT_FALSE(text);
        EXPECT_EQ(text.error().message, chat["error"].get<std::string>());
      }
    }
  }
  EXPECT_EQ(n_chats, 80u);
}

}  // namespace
}  // namespace sotto::jinja
