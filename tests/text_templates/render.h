// Rendering in tests: the text, or "error: " and the message.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "formats/json.h"
#include "text/jinja/engine.h"

namespace sotto::jinja {

inline constexpr int64_t kNoon = 1721995200;  // 2024-07-26 12:00:00 UTC, a Friday

inline Result<std::string> try_render(std::string_view source, std::string_view variables = "{}",
                                      const SyntaxOptions& options = {}) {
  auto parsed = Template::parse(source, options);
  if (!parsed) return std::move(parsed).error();
  const auto json = formats::Json::parse(variables, "variables");
  if (!json || json->as_object() == nullptr) return Error{ErrorCode::internal, "the test's variables are no JSON object", ""};
  return parsed->render(*json->as_object(), kNoon);
}

inline std::string render(std::string_view source, std::string_view variables = "{}", const SyntaxOptions& options = {}) {
  auto text = try_render(source, variables, options);
  if (text) return std::move(*text);
  EXPECT_EQ(text.error().code, ErrorCode::template_error) << text.error().message;
  return "error: " + text.error().message;
}

/// What the expression prints.
inline std::string show(const std::string& expression, std::string_view variables = "{}") {
  return render("{{ " + expression + " }}", variables);
}

}  // namespace sotto::jinja
