#include "text/chat_template_source.h"

namespace sotto::text {
namespace {

using formats::Json;

constexpr char kFile[] = "tokenizer_config.json";

// A string, or a list of {name, template}: of these the one called "default".
Result<std::string> from_config(const Json& field) {
  if (const std::string* text = field.as_string()) return *text;
  if (const Json::Array* list = field.as_array()) {
    for (const Json& entry : *list) {
      const Json* name = entry.find("name");
      const Json* source = entry.find("template");
      if (name && name->as_string() && *name->as_string() == "default" && source && source->as_string())
        return *source->as_string();
    }
  }
  return Error{ErrorCode::bad_model,
               std::string(kFile) + ": chat_template is " + std::string(field.kind()) +
                   ", wanted a string or a list with a template named default",
               "chat_template"};
}

}  // namespace

Result<std::string> chat_template_source(const formats::ModelFile& file) {
  if (file.naming == formats::Naming::gguf) {
    constexpr std::string_view kKey = "tokenizer.chat_template";
    return file.metadata.has(kKey) ? file.metadata.string(kKey) : std::string();
  }
  const auto& texts = file.hugging_face;
  if (!texts.chat_template.empty()) return texts.chat_template;
  if (texts.tokenizer_config_json.empty()) return std::string();
  SOTTO_ASSIGN(const Json config, Json::parse(texts.tokenizer_config_json, kFile));
  const Json* field = config.find("chat_template");
  return field && !field->is_null() ? from_config(*field) : std::string();
}

}  // namespace sotto::text
