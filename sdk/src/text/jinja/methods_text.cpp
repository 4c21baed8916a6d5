#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/filters.h"
#include "text/jinja/format_text.h"
#include "text/jinja/natives.h"
#include "text/jinja/operators.h"
#include "text/jinja/text_tools.h"

namespace sotto::jinja {
namespace {

constexpr auto npos = std::string_view::npos;

std::string_view self(const Args& args) {
  return *args[0].text();
}
Value count(size_t n) {
  return Value(static_cast<int64_t>(n));
}
bool given(const Args& args, size_t i) {
  return args.get(i) != nullptr && !args[i].is_none();
}

template <Side side>
Result<Value> strip_method(Context& context, const Args& args) {
  if (!given(args, 1)) return context.text(std::string(strip(self(args), side)));
  SOTTO_ASSIGN(const std::string_view set, args.text(1));
  context.work(static_cast<int64_t>(set.size()));
  return context.text(std::string(strip_set(self(args), set, side)));
}

/// Pieces between `separator`, or between white space when it is empty; `limit` cuts at most, from the left or the right.
std::vector<std::string_view> split_text(std::string_view text, std::string_view separator, uint64_t limit, bool from_right) {
  std::vector<std::string_view> pieces;
  const bool at_space = separator.empty();
  const auto cut_left = [&] {
    size_t at = 0;
    if (!at_space) {
      at = find_first(text, separator);
      if (at == npos) return false;
      pieces.push_back(text.substr(0, at));
      return text.remove_prefix(at + separator.size()), true;
    }
    while (at < text.size() && !is_space(text::first_character(text.substr(at)).code))
      at += text::first_character(text.substr(at)).length;
    if (at == text.size()) return false;
    pieces.push_back(text.substr(0, at));
    return text = strip(text.substr(at), Side::left), true;
  };
  const auto cut_right = [&] {
    size_t end = text.size();
    if (!at_space) {
      end = find_last(text, separator);
      if (end == npos) return false;
      pieces.push_back(text.substr(end + separator.size()));
      return text = text.substr(0, end), true;
    }
    while (end > 0 && !is_space(text::last_character(text.substr(0, end)).code))
      end -= text::last_character(text.substr(0, end)).length;
    if (end == 0) return false;
    pieces.push_back(text.substr(end));
    return text = strip(text.substr(0, end), Side::right), true;
  };
  if (at_space) text = strip(text, from_right ? Side::right : Side::left);
  while (pieces.size() < limit && pieces.size() <= kMaxItems && (!at_space || !text.empty()) &&
         (from_right ? cut_right() : cut_left())) {
  }
  if (!at_space || !text.empty()) pieces.push_back(text);
  if (from_right) std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

template <bool from_right>
Result<Value> split_method(Context& context, const Args& args) {
  std::string_view separator;
  if (given(args, 1)) {
    SOTTO_ASSIGN(separator, args.text(1));
    if (separator.empty()) return failure("split() wants a separator that is not empty");
  }
  SOTTO_ASSIGN(const int64_t limit, args.integer(2, -1));
  return text_list(context, split_text(self(args), separator, limit < 0 ? UINT64_MAX : static_cast<uint64_t>(limit), from_right));
}

Result<Value> splitlines(Context& context, const Args& args) {
  return text_list(context, split_lines(self(args), args.truth(1)));
}

template <bool from_right>
Result<Value> partition(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view separator, args.text(1));
  if (separator.empty()) return failure("partition() wants a separator that is not empty");
  const std::string_view text = self(args);
  const size_t at = from_right ? find_last(text, separator) : find_first(text, separator);
  if (at == npos)
    return text_list(context,
                     from_right ? std::vector<std::string_view>{"", "", text} : std::vector<std::string_view>{text, "", ""},
                     Sequence::Kind::tuple);
  return text_list(context, {text.substr(0, at), separator, text.substr(at + separator.size())}, Sequence::Kind::tuple);
}

/// The part of the text between the optional character positions in arguments 2 and 3, and where it begins.
struct Window {
  std::string_view text;
  size_t offset;  // in bytes
  bool valid;     // false when the start lies behind the end of the text
};

Result<Window> window(const Args& args) {
  const std::string_view text = self(args);
  const auto n = static_cast<int64_t>(count_characters(text));
  const auto place = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? std::max(at, -n) + n : at, 0, n); };
  SOTTO_ASSIGN(const int64_t start, given(args, 2) ? args.integer(2, 0) : Result<int64_t>(0));
  SOTTO_ASSIGN(const int64_t end, given(args, 3) ? args.integer(3, n) : Result<int64_t>(n));
  const size_t from = offset_of(text, static_cast<size_t>(place(start))), to = offset_of(text, static_cast<size_t>(place(end)));
  return Window{from <= to ? text.substr(from, to - from) : std::string_view(), from, start <= n && from <= to};
}

template <bool at_end>
Result<Value> affix(Context&, const Args& args) {
  SOTTO_ASSIGN(const Window part, window(args));
  const Sequence* choices = args[1].sequence();
  if (choices == nullptr || choices->kind != Sequence::Kind::tuple) {
    SOTTO_ASSIGN(const std::string_view wanted, args.text(1));
    return Value(part.valid && (at_end ? part.text.ends_with(wanted) : part.text.starts_with(wanted)));
  }
  for (const Value& choice : choices->items) {
    if (choice.text() == nullptr) return type_error("an argument must be a string or a tuple of strings", choice);
    if (part.valid && (at_end ? part.text.ends_with(*choice.text()) : part.text.starts_with(*choice.text()))) return Value(true);
  }
  return Value(false);
}

template <bool from_right, bool must_exist>
Result<Value> find(Context&, const Args& args) {
  SOTTO_ASSIGN(const std::string_view wanted, args.text(1));
  SOTTO_ASSIGN(const Window part, window(args));
  const size_t at = !part.valid ? npos : from_right ? find_last(part.text, wanted) : find_first(part.text, wanted);
  if (at != npos) return count(count_characters(self(args).substr(0, part.offset + at)));
  if (must_exist) return failure("substring not found");
  return Value(int64_t{-1});
}

Result<Value> count_method(Context&, const Args& args) {
  SOTTO_ASSIGN(const std::string_view wanted, args.text(1));
  SOTTO_ASSIGN(const Window part, window(args));
  if (!part.valid) return count(0);
  if (wanted.empty()) return count(count_characters(part.text) + 1);
  size_t n = 0;
  std::string_view rest = part.text;
  for (size_t at = find_first(rest, wanted); at != npos; at = find_first(rest, wanted)) {
    ++n;
    rest.remove_prefix(at + wanted.size());
  }
  return count(n);
}

Result<Value> replace_method(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view from, args.text(1));
  SOTTO_ASSIGN(const std::string_view to, args.text(2));
  SOTTO_ASSIGN(const int64_t limit, args.integer(3, -1));
  return replace_text(context, self(args), from, to, limit);
}

Result<Value> removeprefix(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view prefix, args.text(1));
  return context.text(std::string(self(args).substr(self(args).starts_with(prefix) ? prefix.size() : 0)));
}

Result<Value> removesuffix(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view suffix, args.text(1));
  return context.text(std::string(self(args).substr(0, self(args).size() - (self(args).ends_with(suffix) ? suffix.size() : 0))));
}

Result<Value> join_method(Context& context, const Args& args) {
  SOTTO_ASSIGN(const SequenceRef list, iterate(context, args[1]));
  for (const Value& item : list->items)
    if (item.text() == nullptr) return type_error("join() wants strings", item);
  return join_texts(context, list->items, self(args));
}

Result<Value> format_method(Context& context, const Args& args) {
  return brace_format(context, self(args), args.rest, args.named);
}

Result<Value> title_method(Context& context, const Args& args) {
  return context.text(title(self(args), [](uint32_t before) { return to_upper(before) == to_lower(before); }));
}

Result<Value> swapcase(Context& context, const Args& args) {
  std::string out;
  for_each_character(self(args), [&](uint32_t code, std::string_view) {
    text::append_utf8(to_upper(code) != code ? to_upper(code) : to_lower(code), out);
  });
  return context.text(std::move(out));
}

template <Side text_at>
Result<Value> justify(Context& context, const Args& args) {
  SOTTO_ASSIGN(const int64_t width, args.integer(1, 0));
  SOTTO_ASSIGN(const std::string_view fill, args.text(2, " "));
  return justify_text(context, self(args), width, fill, text_at);
}

/// Zeros go behind the sign.
Result<Value> zfill(Context& context, const Args& args) {
  SOTTO_ASSIGN(const int64_t width, args.integer(1, 0));
  const std::string_view text = self(args);
  if (!text.starts_with('-') && !text.starts_with('+')) return justify_text(context, text, width, "0", Side::right);
  SOTTO_ASSIGN(const Value digits, justify_text(context, text.substr(1), std::max<int64_t>(width, 1) - 1, "0", Side::right));
  return context.text(text[0] + *digits.text());
}

/// True when there are characters and all are of the kind.
template <bool (*is_kind)(uint32_t)>
Result<Value> all_are(Context&, const Args& args) {
  bool all = !self(args).empty();
  for_each_character(self(args), [&](uint32_t code, std::string_view) { all = all && is_kind(code); });
  return Value(all);
}

bool is_alphanumeric(uint32_t code) {
  return code != '_' && is_word(code);
}
bool is_alphabetic(uint32_t code) {
  return is_alphanumeric(code) && !is_ascii_digit(code);
}

template <std::string (*convert)(std::string_view), std::string (*other)(std::string_view)>
Result<Value> has_case(Context&, const Args& args) {
  return Value(convert(self(args)) == self(args) && other(self(args)) != self(args));
}

constexpr NativeRow kRows[] = {
    {"capitalize", "self", filter_capitalize},
    {"center", "self width fillchar?", justify<Side::both>},
    {"casefold", "self", filter_lower},
    {"count", "self sub start? end?", count_method},
    {"endswith", "self suffix start? end?", affix<true>},
    {"find", "self sub start? end?", find<false, false>},
    {"format", "self * **", format_method},
    {"index", "self sub start? end?", find<false, true>},
    {"isalnum", "self", all_are<is_alphanumeric>},
    {"isalpha", "self", all_are<is_alphabetic>},
    {"isdecimal", "self", all_are<is_ascii_digit>},
    {"isdigit", "self", all_are<is_ascii_digit>},
    {"islower", "self", has_case<lower, upper>},
    {"isnumeric", "self", all_are<is_ascii_digit>},
    {"isspace", "self", all_are<is_space>},
    {"isupper", "self", has_case<upper, lower>},
    {"join", "self iterable", join_method},
    {"ljust", "self width fillchar?", justify<Side::left>},
    {"lower", "self", filter_lower},
    {"lstrip", "self chars?", strip_method<Side::left>},
    {"partition", "self sep", partition<false>},
    {"removeprefix", "self prefix", removeprefix},
    {"removesuffix", "self suffix", removesuffix},
    {"replace", "self old new count?", replace_method},
    {"rfind", "self sub start? end?", find<true, false>},
    {"rindex", "self sub start? end?", find<true, true>},
    {"rjust", "self width fillchar?", justify<Side::right>},
    {"rpartition", "self sep", partition<true>},
    {"rsplit", "self sep? maxsplit?", split_method<true>},
    {"rstrip", "self chars?", strip_method<Side::right>},
    {"split", "self sep? maxsplit?", split_method<false>},
    {"splitlines", "self keepends?", splitlines},
    {"startswith", "self prefix start? end?", affix<false>},
    {"strip", "self chars?", strip_method<Side::both>},
    {"swapcase", "self", swapcase},
    {"title", "self", title_method},
    {"upper", "self", filter_upper},
    {"zfill", "self width", zfill},
};

}  // namespace

const std::span<const NativeRow> kTextMethods = kRows;

}  // namespace sotto::jinja
