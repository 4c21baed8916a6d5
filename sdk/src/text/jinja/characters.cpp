#include "text/jinja/characters.h"

#include <algorithm>
#include <span>

#include "text/jinja/case_tables.h"

namespace sotto::jinja {
namespace {

uint32_t map_case(std::span<const CaseRun> runs, uint32_t code) noexcept {
  const auto after = std::upper_bound(runs.begin(), runs.end(), code, [](uint32_t c, const CaseRun& run) { return c < run.first; });
  if (after == runs.begin()) return code;
  const CaseRun& run = *(after - 1);
  if (code > run.last || (code - run.first) % run.step != 0) return code;
  return static_cast<uint32_t>(static_cast<int32_t>(code) + run.delta);
}

/// The sharp s is the one common letter whose upper case is two: `sharp_s`.
void append_upper(uint32_t code, std::string_view sharp_s, std::string& out) {
  if (code == 0xDF) return static_cast<void>(out.append(sharp_s));
  text::append_utf8(to_upper(code), out);
}

bool is_line_break(uint32_t code) noexcept {
  return (code >= 0x0A && code <= 0x0D) || (code >= 0x1C && code <= 0x1E) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

template <class Matches>
std::string_view strip_if(std::string_view text, Side side, Matches matches) noexcept {
  const auto wanted = [&](Side s) { return (static_cast<int>(side) & static_cast<int>(s)) != 0; };
  while (wanted(Side::left) && !text.empty()) {
    const text::Character c = text::first_character(text);
    if (!matches(c.code)) break;
    text.remove_prefix(c.length);
  }
  while (wanted(Side::right) && !text.empty()) {
    const text::Character c = text::last_character(text);
    if (!matches(c.code)) break;
    text.remove_suffix(c.length);
  }
  return text;
}

}  // namespace

size_t count_characters(std::string_view text) noexcept {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

size_t offset_of(std::string_view text, size_t index) noexcept {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += text::first_character(text.substr(at)).length;
  return at;
}

bool is_space(uint32_t code) noexcept {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
         code == 0x3000;
}

bool is_word(uint32_t code) noexcept {
  if (code < 0x80) return is_ascii_digit(code) || code == '_' || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
  // Punctuation and symbols, by the blocks that hold nothing else.
  if (code < 0xC0) return code == 0xAA || code == 0xB5 || code == 0xBA;
  return !is_space(code) && code != 0xD7 && code != 0xF7 && !(code >= 0x2000 && code < 0x2070) &&
         !(code >= 0x2190 && code < 0x2C00) && !(code >= 0x3000 && code < 0x3005) && !(code >= 0x3008 && code < 0x3021) &&
         !(code >= 0x1F000 && code < 0x20000);
}

uint32_t to_upper(uint32_t code) noexcept {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  return map_case(kToUpper, code);
}

uint32_t to_lower(uint32_t code) noexcept {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return map_case(kToLower, code);
}

std::string_view strip(std::string_view text, Side side) noexcept {
  return strip_if(text, side, is_space);
}

std::string_view strip_set(std::string_view text, std::string_view set, Side side) {
  std::vector<uint32_t> codes;
  for_each_character(set, [&](uint32_t code, std::string_view) { codes.push_back(code); });
  std::sort(codes.begin(), codes.end());
  return strip_if(text, side, [&](uint32_t code) { return std::binary_search(codes.begin(), codes.end(), code); });
}

std::string upper(std::string_view text) {
  std::string out;
  for_each_character(text, [&](uint32_t code, std::string_view) { append_upper(code, "SS", out); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  for_each_character(text, [&](uint32_t code, std::string_view) { text::append_utf8(to_lower(code), out); });
  return out;
}

std::string title(std::string_view text, bool (*starts_word)(uint32_t before)) {
  std::string out;
  bool start = true;
  for_each_character(text, [&](uint32_t code, std::string_view) {
    if (start) {
      append_upper(code, "Ss", out);
    } else {
      text::append_utf8(to_lower(code), out);
    }
    start = starts_word(code);
  });
  return out;
}

std::string capitalize(std::string_view text) {
  return title(text, [](uint32_t) { return false; });
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const text::Character c = text::first_character(text.substr(at));
    const size_t end = at;
    at += c.length;
    if (!is_line_break(c.code)) continue;
    if (c.code == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(start, (keep_ends ? at : end) - start));
    start = at;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

}  // namespace sotto::jinja
