#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "text/jinja/characters.h"
#include "text/jinja/filters.h"
#include "text/jinja/numbers.h"
#include "text/jinja/operators.h"

namespace sotto::jinja {
namespace {

/// Python's round: to nearest even, on the exact decimal value.
double round_to(double number, int64_t precision) {
  char form[512];
  if (!std::isfinite(number) || precision > 100) return number;
  if (precision < 0) {
    const double unit = std::pow(10.0, -static_cast<double>(precision));
    return std::isfinite(unit) ? std::nearbyint(number / unit) * unit : 0.0;
  }
  std::snprintf(form, sizeof form, "%.*f", static_cast<int>(precision), number);
  return std::strtod(form, nullptr);
}

}  // namespace

Result<Value> filter_abs(Context&, const Args& args) {
  if (const double* real = args[0].as<double>()) return Value(std::fabs(*real));
  int64_t storage = 0;
  const int64_t* whole = args[0].integer(storage);
  if (whole == nullptr) return type_error("abs() wants a number", args[0]);
  return *whole < 0 ? negate(args[0]) : Value(*whole);
}

Result<Value> filter_attr(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view name, args.text(1));
  if (args[0].dict() != nullptr) return Value();  // attributes only, not members
  return attribute(context, args[0], std::string(name));
}

Result<Value> filter_default(Context& context, const Args& args) {
  const bool missing = args[0].is_undefined() || (args.truth(2) && !args[0].truth());
  if (!missing) return args[0];
  return args.get(1) == nullptr ? context.text("") : args[1];
}

Result<Value> filter_int(Context&, const Args& args) {
  const Value fallback = args.get(1) == nullptr ? Value(int64_t{0}) : args[1];
  if (args[0].is_undefined()) return undefined_error(args[0]);
  SOTTO_ASSIGN(const int64_t base, args.integer(2, 10));
  std::optional<double> real;
  if (const std::string* text = args[0].text()) {
    if (const auto whole = parse_integer(*text, base >= 0 && base <= 36 ? static_cast<int>(base) : 10)) return Value(*whole);
    real = parse_float(*text);
    if (real && std::isinf(*real)) return fallback;
  } else if (args[0].is<double>()) {
    real = args[0].number();
  } else {
    int64_t storage = 0;
    if (const int64_t* whole = args[0].integer(storage)) return Value(*whole);
  }
  if (!real || std::isnan(*real)) return fallback;
  if (std::fabs(*real) >= 0x1p63) return failure("an integer beyond 64 bits");
  return Value(static_cast<int64_t>(*real));
}

Result<Value> filter_float(Context&, const Args& args) {
  const Value fallback = args.get(1) == nullptr ? Value(0.0) : args[1];
  if (args[0].is_undefined()) return undefined_error(args[0]);
  if (args[0].is_number()) return Value(args[0].number());
  const auto value = args[0].text() == nullptr ? std::nullopt : parse_float(*args[0].text());
  return value ? Value(*value) : fallback;
}

Result<Value> filter_round(Context&, const Args& args) {
  if (!args[0].is_number()) return type_error("round() wants a number", args[0]);
  SOTTO_ASSIGN(const int64_t precision, args.integer(1, 0));
  SOTTO_ASSIGN(const std::string_view method, args.text(2, "common"));
  const double number = args[0].number();
  if (method == "common") {
    if (args[0].is<double>()) return Value(round_to(number, precision));
    if (precision >= 0) return positive(args[0]);
    if (std::fabs(number) >= 0x1p53) return failure("round() of an integer beyond 53 bits");
    return Value(static_cast<int64_t>(round_to(number, precision)));
  }
  if (method != "ceil" && method != "floor") return failure("round() knows the methods common, ceil and floor");
  const double unit = std::pow(10.0, static_cast<double>(precision));
  const double scaled = number * unit;
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Result<Value> filter_length(Context&, const Args& args) {
  const auto count = [](size_t n) { return Value(static_cast<int64_t>(n)); };
  if (const std::string* text = args[0].text()) return count(count_characters(*text));
  if (const Dict* map = args[0].dict()) return count(map->entries.size());
  if (args[0].is_undefined()) return count(0);
  const Sequence* list = args[0].sequence();
  if (list == nullptr || list->kind == Sequence::Kind::generator)
    return failure("object of type '" + std::string(args[0].type_name()) + "' has no length");
  return count(list->items.size());
}

Result<Value> filter_list(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[0]));
  return context.list(list->items);
}

Result<Value> filter_items(Context& context, const Args& args) {
  std::vector<Value> pairs;
  if (args[0].is_undefined()) return context.list({}, Sequence::Kind::generator);
  if (args[0].dict() == nullptr) return type_error("items wants a dict", args[0]);
  for (const auto& [key, value] : args[0].dict()->entries) {
    SOTTO_ASSIGN(Value pair, context.list({key, value}, Sequence::Kind::tuple));
    pairs.push_back(std::move(pair));
  }
  return context.list(std::move(pairs), Sequence::Kind::generator);
}

}  // namespace sotto::jinja
