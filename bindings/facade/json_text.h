// JSON text of results, built front to back. Numbers that are not finite become null.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto::facade {

/// Text that is JSON already.
struct JsonText {
  std::string text;
};

std::string to_json(std::string_view text);
std::string to_json(double value);
inline std::string to_json(const char* text) {
  return to_json(std::string_view(text));
}
inline std::string to_json(const std::string& text) {
  return to_json(std::string_view(text));
}
inline std::string to_json(const JsonText& json) {
  return json.text;
}
template <std::integral T>
std::string to_json(T value) {
  if constexpr (std::same_as<T, bool>) return value ? "true" : "false";
  return std::to_string(value);
}
template <class T>
std::string to_json(std::span<const T> values) {
  std::string text = "[";
  for (const T& value : values) {
    if (text.size() > 1) text += ',';
    text += to_json(value);
  }
  return text + ']';
}
template <class T>
std::string to_json(const std::vector<T>& values) {
  return to_json(std::span<const T>(values));
}

class JsonObject {
 public:
  template <class T>
  JsonObject& add(std::string_view key, const T& value) {
    if (text_.size() > 1) text_ += ',';
    text_ += to_json(key) + ':' + to_json(value);
    return *this;
  }
  JsonText done() { return {std::move(text_) + '}'}; }

 private:
  std::string text_ = "{";
};

/// What a call answers where errors cannot be told apart by type: {"value": ...} or {"error": {"code", "message", "where"}}.
std::string answer(const Result<JsonText>& result);

}  // namespace sotto::facade
