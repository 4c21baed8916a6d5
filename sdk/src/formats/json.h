// Json: an immutable tree of a JSON document, made from hostile bytes. nlohmann_json does the parsing (SAX, one translation unit);
// depth, size and duplicate keys are bounded here. Object members keep the order of the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sotto/result.h"

namespace sotto::formats {

struct JsonLimits {
  size_t max_depth = 64;
  size_t max_values = size_t{1} << 24;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;
  /// uint64_t only for integers above INT64_MAX.
  using Value = std::variant<std::nullptr_t, bool, int64_t, uint64_t, double, std::string, Array, Object>;

  Json() = default;
  explicit Json(Value value) : value_(std::move(value)) {}

  /// Errors: bad_model with `where` and the byte offset; duplicate keys, depth and invalid UTF-8 are errors.
  static Result<Json> parse(std::string_view text, std::string_view where, const JsonLimits& limits = {});

  /// What takes a member of the outermost object; an Error ends the parsing.
  using MemberSink = std::function<Status(std::string name, Json value)>;

  /// Hands over the members of one large object as they come and keeps none: a tree takes up to ten times the bytes of its text.
  /// Whether names occur twice in the outermost object is left to `on_member`. Errors: as parse(); no object; what the sink
  /// answers.
  static Status parse_members(std::string_view text, std::string_view where, const MemberSink& on_member,
                              const JsonLimits& limits = {});

  const Value& value() const noexcept { return value_; }
  bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(value_); }
  const bool* as_bool() const noexcept { return std::get_if<bool>(&value_); }
  const int64_t* as_int() const noexcept { return std::get_if<int64_t>(&value_); }
  const double* as_double() const noexcept { return std::get_if<double>(&value_); }  // only what was written as a float
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&value_); }
  const Array* as_array() const noexcept { return std::get_if<Array>(&value_); }
  const Object* as_object() const noexcept { return std::get_if<Object>(&value_); }

  /// Member of an object; nullptr when this is no object or has no such key.
  const Json* find(std::string_view key) const noexcept;
  /// For messages: "object", "array", "string", "number", "boolean", "null".
  std::string_view kind() const noexcept;

 private:
  Value value_ = nullptr;
};

/// `text` as a JSON string with its quotes.
std::string json_quote(std::string_view text);

}  // namespace sotto::formats
