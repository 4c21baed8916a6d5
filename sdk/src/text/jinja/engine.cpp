#include "text/jinja/engine.h"

#include "formats/utf8.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"

namespace sotto::jinja {

Result<Template> Template::parse(std::string_view source, const SyntaxOptions& options) {
  if (source.size() > kMaxSourceBytes)
    return failure("a template of " + std::to_string(source.size()) + " bytes, more than " + std::to_string(kMaxSourceBytes));
  if (!formats::is_utf8(source)) return failure("a template that is not UTF-8");
  std::string normalized = normalize_source(source);
  SOTTO_ASSIGN(Program program, jinja::parse(normalized, options));
  return Template(std::move(normalized), std::move(program));
}

Result<std::string> Template::render(const formats::Json::Object& variables, int64_t now_unix_seconds) const {
  return Interpreter(program_, source_, now_unix_seconds).run(variables);
}

}  // namespace sotto::jinja
