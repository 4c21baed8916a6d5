#include "facade/json_text.h"

#include <cmath>
#include <cstdio>

#include "formats/json.h"

namespace sotto::facade {

std::string to_json(std::string_view text) {
  return formats::json_quote(text);
}

std::string to_json(double value) {
  if (!std::isfinite(value)) return "null";
  constexpr double kMaxExact = 9007199254740992.0;  // 2^53
  const bool whole = std::abs(value) <= kMaxExact && std::trunc(value) == value;
  char text[32];
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.9g", value);
  return text;
}

std::string answer(const Result<JsonText>& result) {
  if (result) return JsonObject().add("value", *result).done().text;
  const Error& error = result.error();
  const JsonText told =
      JsonObject().add("code", to_string(error.code)).add("message", error.message).add("where", error.where).done();
  return JsonObject().add("error", told).done().text;
}

}  // namespace sotto::facade
