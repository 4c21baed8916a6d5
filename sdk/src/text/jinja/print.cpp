#include "text/jinja/print.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "text/jinja/characters.h"

namespace sotto::jinja {
namespace {

/// Code points below U+3001 that Python escapes, beside controls; and private use.
bool is_printable(uint32_t code) noexcept {
  if (code < 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0xAD) return false;
  if (code == ' ' || code < 0x600) return true;
  return !is_space(code) && !(code >= 0x600 && code <= 0x605) && code != 0x61C && code != 0x6DD && code != 0x70F &&
         code != 0x180E && !(code >= 0x200B && code <= 0x200F) && !(code >= 0x202A && code <= 0x202E) &&
         !(code >= 0x2060 && code <= 0x206F) && !(code >= 0xE000 && code <= 0xF8FF) && code != 0xFEFF &&
         !(code >= 0xFFF0 && code <= 0xFFFB) && (code & 0xFFFE) != 0xFFFE && code < 0xE0000;
}

void print_text_repr(std::string_view text, TextBuilder& out) {
  const char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  out.add(1, quote);
  for_each_character(text, [&](uint32_t code, std::string_view bytes) {
    char escape[16];
    if (code == static_cast<uint32_t>(quote) || code == '\\') {
      out.add(1, '\\');
      out.add(bytes);
    } else if (code == '\n' || code == '\r' || code == '\t') {
      out.add(code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
    } else if (is_printable(code)) {
      out.add(bytes);
    } else {
      const char* form = code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
      std::snprintf(escape, sizeof escape, form, static_cast<unsigned>(code));
      out.add(escape);
    }
  });
  out.add(1, quote);
}

void print_items(const std::vector<Value>& items, TextBuilder& out) {
  for (size_t i = 0; i < items.size() && !out.full(); ++i) {
    if (i != 0) out.add(", ");
    print_repr(items[i], out);
  }
}

/// The end is shown as the one closest to the last item, which need not be the one given.
void print_range(const std::vector<Value>& items, TextBuilder& out) {
  const auto at = [&](size_t i) { return *items[i].as<int64_t>(); };
  const uint64_t distance = items.size() < 2 ? 1 : static_cast<uint64_t>(at(1)) - static_cast<uint64_t>(at(0));
  const int64_t stride = static_cast<int64_t>(distance), step = stride > 0 ? 1 : -1;
  const int64_t start = items.empty() ? 0 : at(0), last = items.empty() ? -1 : at(items.size() - 1);
  out.add("range(" + std::to_string(start) + ", " + std::to_string(last == INT64_MAX || last == INT64_MIN ? last : last + step) +
          (stride == 1 ? ")" : ", " + std::to_string(stride) + ")"));
}

void print_sequence(const Sequence& list, TextBuilder& out) {
  switch (list.kind) {
    case Sequence::Kind::tuple:
      out.add("(");
      print_items(list.items, out);
      return out.add(list.items.size() == 1 ? ",)" : ")");
    case Sequence::Kind::keys:
    case Sequence::Kind::values:
    case Sequence::Kind::items:
      out.add(list.kind == Sequence::Kind::keys     ? "dict_keys(["
              : list.kind == Sequence::Kind::values ? "dict_values(["
                                                    : "dict_items([");
      print_items(list.items, out);
      return out.add("])");
    case Sequence::Kind::generator:
      return out.add("<generator object>");
    case Sequence::Kind::range:
      return print_range(list.items, out);
    case Sequence::Kind::list:
      out.add("[");
      print_items(list.items, out);
      return out.add("]");
  }
}

void print_dict(const Dict& map, TextBuilder& out) {
  out.add("{");
  for (size_t i = 0; i < map.entries.size() && !out.full(); ++i) {
    if (i != 0) out.add(", ");
    print_repr(map.entries[i].first, out);
    out.add(": ");
    print_repr(map.entries[i].second, out);
  }
  out.add("}");
}

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char form[32];
  int precision = 0;
  do {
    std::snprintf(form, sizeof form, "%.*e", precision, number);
  } while (precision++ < 16 && std::strtod(form, nullptr) != number);
  // Taken apart by hand: the decimal point is the locale's.
  const std::string_view text = form;
  const size_t e = text.find('e');
  std::string digits;
  for (const char c : text.substr(0, e))
    if (is_ascii_digit(static_cast<unsigned char>(c))) digits += c;
  int exponent = 0;
  std::from_chars(form + e + (form[e + 1] == '+' ? 2 : 1), form + text.size(), exponent);
  std::string out = std::signbit(number) ? "-" : "";
  const int n = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (n > 1) out.append(".").append(digits, 1);
    std::snprintf(form, sizeof form, "e%+03d", exponent);
    return out + form;
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (n <= exponent + 1) return out + digits + std::string(static_cast<size_t>(exponent + 1 - n), '0') + ".0";
  return out + digits.insert(static_cast<size_t>(exponent) + 1, ".");
}

void print_value(const Value& value, TextBuilder& out) {
  if (const std::string* text = value.text()) return out.add(*text);
  if (!value.is_undefined()) print_repr(value, out);
}

void print_repr(const Value& value, TextBuilder& out) {
  if (const std::string* text = value.text()) return print_text_repr(*text, out);
  if (const Sequence* list = value.sequence()) return print_sequence(*list, out);
  if (const Dict* map = value.dict()) return print_dict(*map, out);
  if (const bool* flag = value.as<bool>()) return out.add(*flag ? "True" : "False");
  if (const int64_t* whole = value.as<int64_t>()) return out.add(std::to_string(*whole));
  if (const double* real = value.as<double>()) return out.add(float_text(*real));
  if (value.is_none()) return out.add("None");
  if (value.is_undefined()) return out.add("Undefined");
  out.add("<");
  out.add(value.type_name());
  out.add(">");
}

Result<std::string> to_text(const Value& value) {
  if (const std::string* text = value.text()) return *text;
  TextBuilder out;
  print_value(value, out);
  if (out.full()) return failure("a string of more than " + std::to_string(kMaxTextBytes) + " bytes");
  return out.so_far();
}

}  // namespace sotto::jinja
