#include <cstdio>

#include "text/jinja/format_text.h"

namespace sotto::jinja {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Clock {
  int64_t year;
  int month, day, hour, minute, second;  // month and day from 1
  int weekday, day_of_year;              // from 0; Sunday is 0
};

/// Days are counted in eras of 400 years that begin on the first of March, so that a leap day is the last of its year.
Clock to_clock(int64_t unix_seconds) {
  // The years 1 to 9999, as Python has them.
  unix_seconds = unix_seconds < -62135596800 ? -62135596800 : unix_seconds > 253402300799 ? 253402300799 : unix_seconds;
  int64_t days = unix_seconds / 86400, rest = unix_seconds % 86400;
  if (rest < 0) rest += 86400, --days;
  const int64_t from_march = days + 719468;  // since 0000-03-01
  const int64_t era = from_march / 146097, day_of_era = from_march % 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;  // 0 is March
  Clock clock{};
  clock.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  clock.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  clock.year = year_of_era + era * 400 + (clock.month <= 2 ? 1 : 0);
  clock.hour = static_cast<int>(rest / 3600);
  clock.minute = static_cast<int>(rest / 60 % 60);
  clock.second = static_cast<int>(rest % 60);
  clock.weekday = static_cast<int>((days % 7 + 11) % 7);  // 1970-01-01 was a Thursday
  const bool leap = clock.year % 4 == 0 && (clock.year % 100 != 0 || clock.year % 400 == 0);
  clock.day_of_year = static_cast<int>(clock.month <= 2 ? day_of_year - 306 : day_of_year + 59 + (leap ? 1 : 0));
  return clock;
}

std::string padded(int64_t number, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(number));
  return text;
}

struct Field {
  char directive;
  int digits;
  int64_t (*read)(const Clock&);
};
constexpr Field kFields[] = {
    {'Y', 4, [](const Clock& c) { return c.year; }},
    {'y', 2, [](const Clock& c) { return c.year % 100; }},
    {'C', 2, [](const Clock& c) { return c.year / 100; }},
    {'m', 2, [](const Clock& c) -> int64_t { return c.month; }},
    {'d', 2, [](const Clock& c) -> int64_t { return c.day; }},
    {'H', 2, [](const Clock& c) -> int64_t { return c.hour; }},
    {'I', 2, [](const Clock& c) -> int64_t { return (c.hour + 11) % 12 + 1; }},
    {'M', 2, [](const Clock& c) -> int64_t { return c.minute; }},
    {'S', 2, [](const Clock& c) -> int64_t { return c.second; }},
    {'j', 3, [](const Clock& c) -> int64_t { return c.day_of_year + 1; }},
    {'w', 1, [](const Clock& c) -> int64_t { return c.weekday; }},
    {'u', 1, [](const Clock& c) -> int64_t { return (c.weekday + 6) % 7 + 1; }},
    {'U', 2, [](const Clock& c) -> int64_t { return (c.day_of_year + 7 - c.weekday) / 7; }},
    {'W', 2, [](const Clock& c) -> int64_t { return (c.day_of_year + 7 - (c.weekday + 6) % 7) / 7; }},
    {'f', 6, [](const Clock&) -> int64_t { return 0; }},
};

/// Directives that stand for other formats, those of the C locale.
struct Composite {
  char directive;
  std::string_view format;
};
constexpr Composite kComposites[] = {
    {'D', "%m/%d/%y"},
    {'F', "%Y-%m-%d"},
    {'T', "%H:%M:%S"},
    {'R', "%H:%M"},
    {'x', "%m/%d/%y"},
    {'X', "%H:%M:%S"},
    {'c', "%a %b %e %H:%M:%S %Y"},
    {'r', "%I:%M:%S %p"},
};

std::string_view name_of(char directive, const Clock& clock) {
  switch (directive) {
    case 'B':
      return kMonths[clock.month - 1];
    case 'b':
    case 'h':
      return kMonths[clock.month - 1].substr(0, 3);
    case 'A':
      return kDays[clock.weekday];
    case 'a':
      return kDays[clock.weekday].substr(0, 3);
    case 'p':
      return clock.hour < 12 ? "AM" : "PM";
    case '%':
      return "%";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    default:
      return {};
  }
}

/// False when the directive is not known.
bool append_directive(char directive, bool pad, const Clock& clock, std::string& out) {
  if (directive == 'e') {
    const std::string day = std::to_string(clock.day);
    return out.append(pad && day.size() == 1 ? " " : "").append(day), true;
  }
  if (directive == 'Z' || directive == 'z') return true;  // nothing, as for Python's naive times
  for (const Field& field : kFields)
    if (field.directive == directive) return out.append(padded(field.read(clock), pad ? field.digits : 1)), true;
  const std::string_view name = name_of(directive, clock);
  return out.append(name), !name.empty();
}

}  // namespace

Result<std::string> format_time(std::string_view format, int64_t unix_seconds) {
  const Clock clock = to_clock(unix_seconds);
  std::string expanded;
  for (size_t i = 0; i < format.size(); ++i) {
    expanded += format[i];
    if (format[i] != '%' || i + 1 == format.size()) continue;
    const char directive = format[++i];
    expanded += directive;
    for (const Composite& composite : kComposites) {
      if (composite.directive == directive) expanded.replace(expanded.size() - 2, 2, composite.format);
    }
  }
  std::string out;
  for (size_t i = 0; i < expanded.size(); ++i) {
    if (expanded[i] != '%') {
      out += expanded[i];
      continue;
    }
    const bool pad = i + 1 == expanded.size() || expanded[i + 1] != '-';
    i += pad ? 1 : 2;
    if (i >= expanded.size() || !append_directive(expanded[i], pad, clock, out))
      return failure("strftime does not know a directive of '" + std::string(format.substr(0, 80)) + "'");
  }
  return out;
}

}  // namespace sotto::jinja
