#include "text/jinja/text_tools.h"

#include <algorithm>
#include <string>

#include "text/jinja/print.h"

namespace sotto::jinja {
namespace {

constexpr size_t kShortPart = 16;  // searched for naively

/// Knuth, Morris and Pratt: `fallback[i]` is the longest proper prefix of part that ends at part[i].
template <class Iterator>
Iterator find_linear(Iterator text, Iterator text_end, Iterator part, size_t n) {
  std::vector<uint32_t> fallback(n);
  for (uint32_t i = 1, matched = 0; i < n; ++i) {
    while (matched > 0 && part[i] != part[matched]) matched = fallback[matched - 1];
    if (part[i] == part[matched]) ++matched;
    fallback[i] = matched;
  }
  for (uint32_t matched = 0; text != text_end; ++text) {
    while (matched > 0 && *text != part[matched]) matched = fallback[matched - 1];
    if (*text == part[matched]) ++matched;
    if (matched == n) return text + 1;
  }
  return text_end;
}

}  // namespace

size_t find_first(std::string_view text, std::string_view part) {
  if (part.size() <= kShortPart) return text.find(part);
  // A match that ends at the end of the text is told from none by looking.
  const auto end = find_linear(text.begin(), text.end(), part.begin(), part.size());
  const auto stop = static_cast<size_t>(end - text.begin());
  return text.substr(0, stop).ends_with(part) ? stop - part.size() : std::string_view::npos;
}

size_t find_last(std::string_view text, std::string_view part) {
  if (part.size() <= kShortPart) return text.rfind(part);
  const auto end = find_linear(text.rbegin(), text.rend(), part.rbegin(), part.size());
  const size_t start = text.size() - static_cast<size_t>(end - text.rbegin());
  return text.substr(start).starts_with(part) ? start : std::string_view::npos;
}

Result<Value> replace_text(Context& context, std::string_view text, std::string_view from, std::string_view to, int64_t count) {
  TextBuilder out;
  while (count != 0 && !out.full()) {
    const size_t at = find_first(text, from);
    if (at == std::string_view::npos) break;
    out.add(text.substr(0, at));
    out.add(to);
    text.remove_prefix(at + from.size());
    if (count > 0) --count;
    if (!from.empty()) continue;
    if (text.empty()) break;
    const uint32_t n = text::first_character(text).length;
    out.add(text.substr(0, n));
    text.remove_prefix(n);
  }
  out.add(text);
  return out.finish(context);
}

Result<Value> justify_text(Context& context, std::string_view text, int64_t width, std::string_view fill, Side text_at) {
  if (count_characters(fill) != 1) return failure("the fill must be one character");
  const size_t n = count_characters(text);
  if (width > static_cast<int64_t>(kMaxTextBytes)) return failure("a width of " + std::to_string(width));
  if (width <= static_cast<int64_t>(n)) return context.text(std::string(text));
  const size_t missing = static_cast<size_t>(width) - n;
  // As str.center: of an odd number the larger part is on the left when the width is odd.
  const size_t middle = missing / 2 + (missing & static_cast<size_t>(width) & 1);
  const size_t left = text_at == Side::left ? 0 : text_at == Side::right ? missing : middle;
  TextBuilder out;
  for (size_t i = 0; i < left && !out.full(); ++i) out.add(fill);
  out.add(text);
  for (size_t i = left; i < missing && !out.full(); ++i) out.add(fill);
  return out.finish(context);
}

Result<Value> join_texts(Context& context, const std::vector<Value>& items, std::string_view separator) {
  TextBuilder out;
  for (size_t i = 0; i < items.size() && !out.full(); ++i) {
    if (i != 0) out.add(separator);
    print_value(items[i], out);
  }
  return out.finish(context);
}

Result<Value> text_list(Context& context, const std::vector<std::string_view>& pieces, Sequence::Kind kind) {
  std::vector<Value> items;
  items.reserve(pieces.size());
  for (const std::string_view piece : pieces) {
    SOTTO_ASSIGN(Value item, context.text(std::string(piece)));
    items.push_back(std::move(item));
  }
  return context.list(std::move(items), kind);
}

}  // namespace sotto::jinja
