#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/filters.h"
#include "text/jinja/format_text.h"
#include "text/jinja/operators.h"
#include "text/jinja/print.h"
#include "text/jinja/text_tools.h"

namespace sotto::jinja {
namespace {

Result<Value> convert(Context& context, const Args& args, std::string (*conversion)(std::string_view)) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  return context.text(conversion(text));
}

bool starts_title_word(uint32_t before) {
  return is_space(before) || std::string_view("-({[<").find(static_cast<char>(before)) != std::string_view::npos;
}

}  // namespace

Result<Value> filter_capitalize(Context& context, const Args& args) {
  return convert(context, args, capitalize);
}
Result<Value> filter_lower(Context& context, const Args& args) {
  return convert(context, args, lower);
}
Result<Value> filter_upper(Context& context, const Args& args) {
  return convert(context, args, upper);
}

Result<Value> filter_title(Context& context, const Args& args) {
  return convert(context, args, [](std::string_view text) {
    return title(text, [](uint32_t before) { return before < 0x80 ? starts_title_word(before) : is_space(before); });
  });
}

Result<Value> filter_string(Context& context, const Args& args) {
  return convert(context, args, [](std::string_view text) { return std::string(text); });
}

Result<Value> filter_trim(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  if (args.get(1) == nullptr || args[1].is_none()) return context.text(std::string(strip(text)));
  SOTTO_ASSIGN(const std::string_view set, args.text(1));
  context.work(static_cast<int64_t>(set.size()));
  return context.text(std::string(strip_set(text, set, Side::both)));
}

Result<Value> filter_escape(Context& context, const Args& args) {
  static constexpr std::string_view kSpecial = "&<>'\"";
  static constexpr std::string_view kEscapes[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  TextBuilder out;
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find_first_of(kSpecial, at), text.size());
    out.add(std::string_view(text).substr(at, next - at));
    if (next < text.size()) out.add(kEscapes[kSpecial.find(text[next])]);
    at = next + 1;
  }
  return out.finish(context);
}

Result<Value> filter_format(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string format, to_text(args[0]));
  if (args.named.empty()) {
    SOTTO_ASSIGN(const Value values, context.list({args.rest.begin(), args.rest.end()}, Sequence::Kind::tuple));
    return percent_format(context, format, values);
  }
  if (!args.rest.empty()) return failure("format() takes positional or named values, not both");
  std::vector<Dict::Entry> entries;
  for (const Named& argument : args.named) {
    SOTTO_ASSIGN(Value name, context.text(std::string(argument.name)));
    entries.emplace_back(std::move(name), argument.value);
  }
  SOTTO_ASSIGN(const Value values, context.dict(std::move(entries)));
  return percent_format(context, format, values);
}

Result<Value> filter_center(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  SOTTO_ASSIGN(const int64_t width, args.integer(1, 80));
  return justify_text(context, text, width, " ", Side::both);
}

Result<Value> filter_indent(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string_view given, args.text(0));
  std::string indention;
  if (args.get(1) != nullptr && args[1].text() != nullptr) {
    indention = *args[1].text();
  } else {
    SOTTO_ASSIGN(const int64_t width, args.integer(1, 4));
    if (width > static_cast<int64_t>(kMaxItems)) return failure("an indent of " + std::to_string(width));
    indention.assign(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  }
  const bool first = args.truth(2), blank = args.truth(3);
  const std::string text = std::string(given) + "\n";  // so that a last empty line counts as one
  const auto lines = split_lines(text);
  TextBuilder out;
  for (size_t i = 0; i < lines.size() && !out.full(); ++i) {
    if (i != 0) out.add("\n");
    if (i == 0 ? first : blank || !lines[i].empty()) out.add(indention);
    out.add(lines[i]);
  }
  return out.finish(context);
}

Result<Value> filter_replace(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  SOTTO_ASSIGN(const std::string from, to_text(args[1]));
  SOTTO_ASSIGN(const std::string to, to_text(args[2]));
  SOTTO_ASSIGN(const int64_t count, args.get(3) != nullptr && args[3].is_none() ? Result<int64_t>(-1) : args.integer(3, -1));
  return replace_text(context, text, from, to, count);
}

Result<Value> filter_truncate(Context& context, const Args& args) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  SOTTO_ASSIGN(const int64_t length, args.integer(1, 255));
  SOTTO_ASSIGN(const std::string_view end, args.text(3, "..."));
  SOTTO_ASSIGN(const int64_t leeway, args.get(4) != nullptr && args[4].is_none() ? Result<int64_t>(5) : args.integer(4, 5));
  const auto n_end = static_cast<int64_t>(count_characters(end));
  if (length < n_end || leeway < 0) return failure("truncate() wants a length of at least its end, and a leeway of at least 0");
  const auto n = static_cast<int64_t>(count_characters(text));
  if (length >= n || leeway >= n || n <= length + leeway) return context.text(text);
  std::string_view kept = std::string_view(text).substr(0, offset_of(text, static_cast<size_t>(length - n_end)));
  if (!args.truth(2)) kept = kept.substr(0, kept.rfind(' '));
  return context.text(std::string(kept).append(end));
}

Result<Value> filter_wordcount(Context&, const Args& args) {
  SOTTO_ASSIGN(const std::string text, to_text(args[0]));
  int64_t n = 0;
  bool inside = false;
  for_each_character(text, [&](uint32_t code, std::string_view) {
    if (is_word(code) && !inside) ++n;
    inside = is_word(code);
  });
  return Value(n);
}

/// As transformers defines it: ensure_ascii is off, nothing is escaped for HTML.
Result<Value> filter_tojson(Context& context, const Args& args) {
  JsonStyle style;
  style.ensure_ascii = args.truth(1);
  style.sort_keys = args.truth(4);
  if (const Value* indent = args.get(2); indent != nullptr && !indent->is_none()) {
    style.multiline = true;
    style.item_separator = ",";
    if (indent->text() != nullptr) {
      style.indent = *indent->text();
    } else {
      SOTTO_ASSIGN(const int64_t width, args.integer(2, 0));
      if (width > static_cast<int64_t>(kMaxValueDepth)) return failure("an indent of " + std::to_string(width));
      style.indent.assign(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
    }
  }
  if (const Value* separators = args.get(3); separators != nullptr && !separators->is_none()) {
    const Sequence* pair = separators->sequence();
    if (pair == nullptr || pair->items.size() != 2 || pair->items[0].text() == nullptr || pair->items[1].text() == nullptr)
      return type_error("separators must be two strings", *separators);
    style.item_separator = *pair->items[0].text();
    style.key_separator = *pair->items[1].text();
  }
  return to_json(context, args[0], style);
}

}  // namespace sotto::jinja
