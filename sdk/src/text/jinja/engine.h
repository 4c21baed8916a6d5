// Template: a parsed Jinja template and its rendering. The judge of what it prints is Jinja2 3.1 in Python's sandbox, as chat
// templates are run by transformers; limits.h says what a template may use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/json.h"
#include "sotto/result.h"
#include "text/jinja/lexer.h"
#include "text/jinja/program.h"

namespace sotto::jinja {

class Template {
 public:
  /// Errors: template_error; `where` is line:column.
  static Result<Template> parse(std::string_view source, const SyntaxOptions& options);

  /// `variables`: their names and values. Errors: template_error; `where` is line:column.
  Result<std::string> render(const formats::Json::Object& variables, int64_t now_unix_seconds) const;

 private:
  Template(std::string source, Program program) : source_(std::move(source)), program_(std::move(program)) {}

  std::string source_;  // normalized
  Program program_;
};

}  // namespace sotto::jinja
