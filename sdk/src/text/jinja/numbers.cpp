#include "text/jinja/numbers.h"

#include <charconv>
#include <limits>
#include <string>

#include "formats/json.h"
#include "text/jinja/characters.h"

namespace sotto::jinja {
namespace {

/// Takes the sign off `text`.
bool take_minus(std::string_view& text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  return minus;
}

/// `text` without underscores; nothing when one is not between digits.
std::optional<std::string> drop_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || text[i - 1] == '_') {
      return {};
    }
  }
  return out;
}

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  text = strip(text);
  const bool minus = take_minus(text);
  if (text.size() > 2 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    const int named = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (named != 0 && (base == named || base == 0)) {
      base = named;
      text.remove_prefix(2);
    }
  }
  if (base == 0) base = 10;
  if (base < 2 || base > 36) return {};
  std::optional<std::string> digits = drop_underscores(text);
  if (!digits || digits->starts_with('-')) return {};
  if (minus) digits->insert(0, "-");
  int64_t value = 0;
  const char* end = digits->data() + digits->size();
  const auto [stopped, fault] = std::from_chars(digits->data(), end, value, base);
  if (fault != std::errc() || stopped != end) return {};
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  text = strip(text);
  const bool minus = take_minus(text);
  const double sign = minus ? -1.0 : 1.0;
  const std::string word = lower(text.substr(0, 8));
  if (text.size() <= 8 && (word == "inf" || word == "infinity")) return sign * std::numeric_limits<double>::infinity();
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::optional<std::string> digits = drop_underscores(text);
  if (!digits || digits->empty()) return {};
  // As JSON writes it: a digit before the point, no zeros too many, a digit after it. (strtod would read as the locale says.)
  const size_t zeros = std::min(digits->find_first_not_of('0'), digits->size());
  std::string number = digits->substr(zeros);
  if (number.empty() || !is_ascii_digit(static_cast<unsigned char>(number[0]))) {
    const bool has_digit = zeros > 0 || (number.size() > 1 && is_ascii_digit(static_cast<unsigned char>(number[1])));
    if (!has_digit || number.starts_with('-')) return {};
    number.insert(0, "0");
  }
  const size_t point = number.find('.');
  if (point != std::string::npos && (point + 1 == number.size() || (number[point + 1] | 0x20) == 'e'))
    number.insert(point + 1, "0");
  const size_t exponent = number.find_first_of("eE");
  if (point == std::string::npos && exponent == std::string::npos) number += ".0";
  const Result<formats::Json> json = formats::Json::parse(number, "number");
  if (!json && json.error().message.find("overflow") != std::string::npos &&  // said before what follows the number is looked at
      number.find_first_not_of("0123456789.eE+-") == std::string::npos)
    return sign * std::numeric_limits<double>::infinity();
  if (!json || json->as_double() == nullptr) return {};
  return sign * *json->as_double();
}

}  // namespace sotto::jinja
