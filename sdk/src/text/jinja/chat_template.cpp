#include "sotto/chat.h"

#include "formats/json.h"
#include "text/jinja/engine.h"

namespace sotto {

struct ChatTemplate::Impl {
  std::string source;
  jinja::Template parsed;
};

namespace {

Error located(Error error) {
  error.code = ErrorCode::template_error;
  error.where = error.where.empty() ? "chat_template" : "chat_template:" + error.where;
  return error;
}

}  // namespace

Result<ChatTemplate> ChatTemplate::parse(std::string source) {
  auto parsed = jinja::Template::parse(source, {.trim_blocks = true, .lstrip_blocks = true});
  if (!parsed) return located(std::move(parsed).error());
  return ChatTemplate(std::make_shared<const Impl>(Impl{std::move(source), std::move(*parsed)}));
}

Result<std::string> ChatTemplate::render_json(std::string_view variables_json, int64_t now_unix_seconds) const {
  if (variables_json.size() > jinja::kMaxVariablesBytes)
    return Error{ErrorCode::template_error, "variables of more than " + std::to_string(jinja::kMaxVariablesBytes) + " bytes",
                 "variables"};
  auto json = formats::Json::parse(variables_json, "variables", {.max_depth = 64, .max_values = jinja::kMaxVariablesValues});
  if (!json) return Error{ErrorCode::template_error, std::move(json).error().message, std::move(json).error().where};
  const formats::Json::Object* variables = json->as_object();
  if (variables == nullptr) return Error{ErrorCode::template_error, "the variables must be a JSON object", "variables"};
  auto text = impl_->parsed.render(*variables, now_unix_seconds);
  if (!text) return located(std::move(text).error());
  return text;
}

const std::string& ChatTemplate::source() const noexcept {
  return impl_->source;
}

}  // namespace sotto
