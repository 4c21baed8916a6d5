// Values as text: Python's str() and repr(), and its json.dumps.
#pragma once

#include <string>

#include "sotto/result.h"
#include "text/jinja/context.h"

namespace sotto::jinja {

/// Shortest decimal that reads back as `number`, as Python writes it: 1.0, 0.1, 1e+16, inf, nan.
std::string float_text(double number);

/// Appends str(value); stops when `out` is full.
void print_value(const Value& value, TextBuilder& out);
void print_repr(const Value& value, TextBuilder& out);
/// str(value) as a string of its own.
Result<std::string> to_text(const Value& value);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  bool multiline = false;
  std::string indent;  // of one level, when multiline
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
/// Errors: a value JSON does not know.
Result<Value> to_json(Context& context, const Value& value, const JsonStyle& style);

}  // namespace sotto::jinja
