#include "text/jinja/format_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/jinja/characters.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

constexpr size_t kMaxWidth = 1000;
constexpr auto npos = std::string_view::npos;

struct Spec {
  std::string_view fill = " ";
  char align = 0;  // '<', '>', '^', or 0: by type
  bool zeros = false, plus = false, space = false, alternate = false, grouped = false;
  size_t width = 0;
  int precision = -1;
  char type = 0;  // of a printf-like conversion, 0: by the value
};

/// Takes decimal digits off `text`; false when they are more than kMaxWidth.
bool take_number(std::string_view& text, size_t& number) {
  for (; !text.empty() && is_ascii_digit(static_cast<unsigned char>(text[0])); text.remove_prefix(1)) {
    number = number * 10 + static_cast<size_t>(text[0] - '0');
    if (number > kMaxWidth) return false;
  }
  return true;
}

Error bad_format() {
  return failure("a malformed format, or a width above " + std::to_string(kMaxWidth));
}

std::string pad(std::string text, const Spec& spec, char default_align) {
  const size_t n = count_characters(text);
  if (n >= spec.width) return text;
  const size_t missing = spec.width - n;
  const char align = spec.align != 0 ? spec.align : default_align;
  const size_t before = align == '>' ? missing : align == '^' ? missing / 2 : 0;
  std::string out;
  for (size_t i = 0; i < before; ++i) out += spec.fill;
  out += text;
  for (size_t i = before; i < missing; ++i) out += spec.fill;
  return out;
}

void group_digits(std::string& digits) {
  const size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  for (size_t at = end; at > 3; at -= 3) digits.insert(at - 3, ",");
}

bool is_integral(char type) noexcept {
  return type != 0 && std::string_view("diuxXo").find(type) != npos;
}

/// Digits of a number without its sign.
std::string digits_of(const Value& value, const Spec& spec) {
  char form[512];
  int64_t storage = 0;
  const int64_t* whole = value.integer(storage);
  if (is_integral(spec.type) || (spec.type == 0 && whole != nullptr)) {
    const uint64_t magnitude = whole == nullptr ? static_cast<uint64_t>(std::fabs(value.number()))
                               : *whole < 0     ? 0 - static_cast<uint64_t>(*whole)
                                                : static_cast<uint64_t>(*whole);
    const char* conversion = spec.type == 'x' ? "%llx" : spec.type == 'X' ? "%llX" : spec.type == 'o' ? "%llo" : "%llu";
    std::snprintf(form, sizeof form, conversion, static_cast<unsigned long long>(magnitude));
    return form;
  }
  const double magnitude = std::fabs(value.number());
  if (spec.type == 0 && spec.precision < 0) return float_text(magnitude);
  const char conversion[] = {'%', '.', '*', spec.type == 0 || spec.type == '%' ? (spec.type == 0 ? 'g' : 'f') : spec.type, 0};
  const int precision = std::min(spec.precision < 0 ? 6 : spec.precision, 100);
  std::snprintf(form, sizeof form, conversion, precision, spec.type == '%' ? magnitude * 100 : magnitude);
  return form;
}

Result<std::string> format_number(const Value& value, const Spec& spec) {
  if (!value.is_number()) return type_error("a number is to be formatted", value);
  if (!value.is<int64_t>() && is_integral(spec.type) && !(std::fabs(value.number()) < 9.2e18))
    return failure("an integer beyond 64 bits");
  std::string digits = digits_of(value, spec);
  if (spec.grouped) group_digits(digits);
  if (spec.type == '%') digits += '%';
  std::string sign = std::signbit(value.number()) ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  if (spec.alternate && (spec.type == 'x' || spec.type == 'X' || spec.type == 'o')) sign.append("0").append(1, spec.type);
  const size_t size = sign.size() + digits.size();
  if (spec.zeros && spec.align == 0 && size < spec.width) digits.insert(0, spec.width - size, '0');
  return pad(sign + digits, spec, '>');
}

Result<std::string> format_string(std::string text, const Spec& spec) {
  if (spec.precision >= 0) text.resize(offset_of(text, static_cast<size_t>(spec.precision)));
  return pad(std::move(text), spec, '<');
}

/// One %-directive at the start of `format`, which is taken off.
Result<std::string> percent_directive(std::string_view& format, const Value& values, size_t& used) {
  Spec spec;
  const Value* value = nullptr;
  if (format.starts_with('(')) {
    const size_t close = format.find(')');
    if (close == npos || values.dict() == nullptr) return failure("%(name) wants a dict");
    value = values.dict()->find(format.substr(1, close - 1));
    if (value == nullptr) return failure("no value for %(" + std::string(format.substr(1, close - 1)) + ")");
    format.remove_prefix(close + 1);
  }
  bool left = false;
  for (; !format.empty() && std::string_view("-+ 0#").find(format[0]) != npos; format.remove_prefix(1)) {
    left |= format[0] == '-';
    spec.plus |= format[0] == '+';
    spec.space |= format[0] == ' ';
    spec.zeros |= format[0] == '0';
    spec.alternate |= format[0] == '#';
  }
  size_t precision = 0;
  if (!take_number(format, spec.width)) return bad_format();
  if (format.starts_with('.')) {
    format.remove_prefix(1);
    if (!take_number(format, precision)) return bad_format();
    spec.precision = static_cast<int>(precision);
  }
  if (format.empty()) return bad_format();
  spec.type = format[0];
  format.remove_prefix(1);
  if (spec.type == '%') return std::string("%");
  const Sequence* tuple =
      values.sequence() != nullptr && values.sequence()->kind == Sequence::Kind::tuple ? values.sequence() : nullptr;
  if (value == nullptr) {
    if (used >= (tuple != nullptr ? tuple->items.size() : 1)) return failure("not enough values for the format");
    value = tuple != nullptr ? &tuple->items[used] : &values;
    ++used;
  }
  spec.align = left ? '<' : 0;
  if (spec.type == 's') {
    if (spec.align == 0) spec.align = '>';
    SOTTO_ASSIGN(std::string text, to_text(*value));
    return format_string(std::move(text), spec);
  }
  if (spec.type == 'r') {
    TextBuilder repr;
    print_repr(*value, repr);
    if (spec.align == 0) spec.align = '>';
    return format_string(repr.so_far(), spec);
  }
  if (std::string_view("diuxXofFeEgG").find(spec.type) == npos)
    return failure("the format %" + std::string(1, spec.type) + " is not known");
  return format_number(*value, spec);
}

/// [[fill]align][sign][#][0][width][,][.precision][type]
Result<Spec> parse_spec(std::string_view text) {
  Spec spec;
  const size_t first = text.empty() ? 0 : text::first_character(text).length;
  const auto is_align = [&](size_t at) { return at < text.size() && std::string_view("<>^").find(text[at]) != npos; };
  if (first != 0 && is_align(first)) {
    spec.fill = text.substr(0, first);
    spec.align = text[first];
    text.remove_prefix(first + 1);
  } else if (is_align(0)) {
    spec.align = text[0];
    text.remove_prefix(1);
  }
  const auto take = [&](char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  };
  spec.plus = take('+');
  if (!spec.plus && !take('-')) spec.space = take(' ');
  spec.alternate = take('#');
  spec.zeros = take('0');
  size_t precision = 0;
  if (!take_number(text, spec.width)) return bad_format();
  spec.grouped = take(',');
  if (take('.')) {
    if (!take_number(text, precision)) return bad_format();
    spec.precision = static_cast<int>(precision);
  }
  if (!text.empty()) spec.type = text[0];
  if (text.size() > 1 || (spec.type != 0 && std::string_view("sdxXofFeEgG%").find(spec.type) == npos)) return bad_format();
  return spec;
}

struct Fields {
  std::span<const Value> positional;
  std::span<const Named> named;
  size_t next = 0;
};

/// A field without its braces.
Result<std::string> brace_field(std::string_view field, Fields& fields) {
  const size_t colon = std::min(field.find(':'), field.size());
  std::string_view name = field.substr(0, colon);
  SOTTO_ASSIGN(Spec spec, parse_spec(field.substr(std::min(colon + 1, field.size()))));
  const bool repr = name.ends_with("!r");
  if (repr || name.ends_with("!s")) name.remove_suffix(2);
  const Value* value = nullptr;
  if (name.empty() || is_ascii_digit(static_cast<unsigned char>(name[0]))) {
    size_t index = 0;
    if (name.empty()) {
      index = fields.next++;
    } else if (!take_number(name, index) || !name.empty()) {
      return bad_format();
    }
    if (index < fields.positional.size()) value = &fields.positional[index];
  } else {
    const auto found =
        std::find_if(fields.named.begin(), fields.named.end(), [&](const Named& argument) { return argument.name == name; });
    if (found != fields.named.end()) value = &found->value;
  }
  if (value == nullptr) return failure("no value for the field {" + std::string(field.substr(0, 40)) + "}");
  if (!repr && value->is_number() && spec.type == 's') return bad_format();
  if (!repr && value->is_number() && !value->is<bool>()) return format_number(*value, spec);
  if (spec.type != 0 && spec.type != 's') return format_number(*value, spec);
  TextBuilder text;
  repr ? print_repr(*value, text) : print_value(*value, text);
  return format_string(text.so_far(), spec);
}

}  // namespace

Result<Value> percent_format(Context& context, std::string_view format, const Value& values) {
  TextBuilder out;
  size_t used = 0;
  while (!format.empty()) {
    const size_t at = std::min(format.find('%'), format.size());
    out.add(format.substr(0, at));
    format.remove_prefix(at);
    if (format.empty()) break;
    format.remove_prefix(1);
    SOTTO_ASSIGN(const std::string piece, percent_directive(format, values, used));
    out.add(piece);
    if (out.full() || !context.work(1)) break;
  }
  const bool is_tuple = values.sequence() != nullptr && values.sequence()->kind == Sequence::Kind::tuple;
  if (is_tuple ? used < values.sequence()->items.size() : used == 0 && values.dict() == nullptr && values.sequence() == nullptr)
    return failure("not all values were used by the format");
  return out.finish(context);
}

Result<Value> brace_format(Context& context, std::string_view format, std::span<const Value> positional,
                           std::span<const Named> named) {
  TextBuilder out;
  Fields fields{positional, named};
  while (!format.empty() && !out.full() && context.work(1)) {
    const size_t at = std::min(format.find_first_of("{}"), format.size());
    out.add(format.substr(0, at));
    format.remove_prefix(at);
    if (format.empty()) break;
    if (format.starts_with("{{") || format.starts_with("}}")) {
      out.add(1, format[0]);
      format.remove_prefix(2);
      continue;
    }
    const size_t close = format.find('}');
    if (format[0] == '}' || close == npos) return bad_format();
    SOTTO_ASSIGN(const std::string piece, brace_field(format.substr(1, close - 1), fields));
    out.add(piece);
    format.remove_prefix(close + 1);
  }
  return out.finish(context);
}

}  // namespace sotto::jinja
