#include "text/jinja/lexer.h"

#include <algorithm>

#include "text/jinja/characters.h"
#include "text/jinja/context.h"

namespace sotto::jinja {
namespace {

constexpr auto npos = std::string_view::npos;

class Lexer {
 public:
  Lexer(std::string_view source, const SyntaxOptions& options) : source_(source), options_(options) {}

  Result<std::vector<Token>> run();

 private:
  using Kind = Token::Kind;

  bool at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  size_t skip_space(size_t from) const;
  size_t end_of_tag(std::string_view end, bool may_trim) const;
  size_t end_of_raw_begin(size_t from) const;
  void add(Kind kind, std::string_view text) { tokens_.push_back({kind, static_cast<uint32_t>(at_), text}); }
  void add_data(std::string_view text, char sign, bool may_strip);
  void leave(size_t end);
  bool fail(std::string message);
  bool comment();
  bool raw(size_t begin_end);
  bool tag(bool is_block);
  bool token_in_tag();
  bool string(char quote);
  void number();
  bool symbol();

  std::string_view source_;
  SyntaxOptions options_;
  size_t at_ = 0;
  bool line_start_ = true;  // the text begins at the start of a line
  std::string brackets_;    // the closing ones that are open, innermost last
  std::vector<Token> tokens_;
  Error error_;
};

bool Lexer::fail(std::string message) {
  error_ = {ErrorCode::template_error, std::move(message), place(source_, at_)};
  return false;
}

size_t Lexer::skip_space(size_t from) const {
  const std::string_view rest = source_.substr(from);
  return from + (rest.size() - strip(rest, Side::left).size());
}

/// Where the tag ends when `end`, with its sign, lies here; npos when not.
size_t Lexer::end_of_tag(std::string_view end, bool may_trim) const {
  if (at("-") && source_.substr(at_ + 1).starts_with(end)) return skip_space(at_ + 1 + end.size());
  if (may_trim && at("+") && source_.substr(at_ + 1).starts_with(end)) return at_ + 1 + end.size();
  if (!at(end)) return npos;
  const size_t after = at_ + end.size();
  return after + (may_trim && options_.trim_blocks && source_.substr(after).starts_with('\n') ? 1 : 0);
}

/// Text before a tag that carries `sign`.
void Lexer::add_data(std::string_view text, char sign, bool may_strip) {
  if (sign == '-') {
    text = strip(text, Side::right);
  } else if (sign != '+' && may_strip && options_.lstrip_blocks) {
    const size_t newline = text.rfind('\n');
    const size_t line = newline == npos ? 0 : newline + 1;
    if ((line > 0 || line_start_) && strip(text.substr(line)).empty()) text = text.substr(0, line);
  }
  if (!text.empty()) add(Kind::data, text);
}

void Lexer::leave(size_t end) {
  line_start_ = end > 0 && source_[end - 1] == '\n';
  at_ = end;
}

bool Lexer::comment() {
  for (; at_ < source_.size(); ++at_) {
    if (const size_t end = end_of_tag("#}", true); end != npos) return leave(end), true;
  }
  return fail("a comment without its end");
}

/// `from` lies after "{%" and its sign; npos when this is no raw tag.
size_t Lexer::end_of_raw_begin(size_t from) const {
  size_t end = skip_space(from);
  if (!source_.substr(end).starts_with("raw")) return npos;
  end = skip_space(end + 3);
  const std::string_view rest = source_.substr(end);
  if (rest.starts_with("-%}")) return skip_space(end + 3);
  return rest.starts_with("%}") ? end + 2 : npos;
}

bool Lexer::raw(size_t begin_end) {
  leave(begin_end);
  const size_t start = at_;
  for (;;) {
    const size_t open = source_.find("{%", at_);
    if (open == npos) return fail("raw without endraw");
    at_ = open + 2;
    const char sign = at("-") ? '-' : at("+") ? '+' : ' ';
    at_ = skip_space(at_ + (sign == ' ' ? 0 : 1));
    if (!at("endraw")) continue;
    at_ = skip_space(at_ + 6);
    const size_t end = end_of_tag("%}", true);
    if (end == npos) continue;
    add_data(source_.substr(start, open - start), sign, true);
    leave(end);
    return true;
  }
}

bool Lexer::tag(bool is_block) {
  const std::string_view end_mark = is_block ? "%}" : "}}";
  add(is_block ? Kind::block_begin : Kind::print_begin, {});
  brackets_.clear();
  for (;;) {
    at_ = skip_space(at_);
    const size_t end = brackets_.empty() ? end_of_tag(end_mark, is_block) : npos;
    if (end != npos) {
      add(is_block ? Kind::block_end : Kind::print_end, {});
      leave(end);
      return true;
    }
    if (at_ == source_.size()) return fail("a tag without its end");
    if (!token_in_tag()) return false;
  }
}

bool Lexer::token_in_tag() {
  const uint32_t code = text::first_character(source_.substr(at_)).code;
  if (is_ascii_digit(code)) return number(), true;
  if (is_word(code)) {
    size_t end = at_;
    for (; end < source_.size(); end += text::first_character(source_.substr(end)).length)
      if (!is_word(text::first_character(source_.substr(end)).code)) break;
    add(Kind::name, source_.substr(at_, end - at_));
    at_ = end;
    return true;
  }
  if (code == '\'' || code == '"') return string(static_cast<char>(code));
  return symbol();
}

bool Lexer::string(char quote) {
  size_t end = at_ + 1;
  while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
  if (end >= source_.size()) return fail("a string without its end");
  add(Kind::string, source_.substr(at_ + 1, end - at_ - 1));
  at_ = end + 1;
  return true;
}

void Lexer::number() {
  const auto letter = [&](size_t i) { return i < source_.size() ? source_[i] | 0x20 : 0; };
  const auto digits = [&](size_t i) {  // underscores between digits
    while (i < source_.size() &&
           (is_ascii_digit(static_cast<unsigned char>(source_[i])) ||
            (source_[i] == '_' && i + 1 < source_.size() && is_ascii_digit(static_cast<unsigned char>(source_[i + 1])))))
      ++i;
    return i;
  };
  size_t end = digits(at_);
  Kind kind = Kind::integer;
  if (end == at_ + 1 && source_[at_] == '0' && (letter(end) == 'x' || letter(end) == 'o' || letter(end) == 'b')) {
    while (++end < source_.size() &&
           (is_ascii_digit(static_cast<unsigned char>(source_[end])) || (letter(end) >= 'a' && letter(end) <= 'f'))) {
    }
  } else if (at_ == 0 || source_[at_ - 1] != '.') {  // in a.0.1 no part is a float
    if (end < source_.size() && source_[end] == '.' && digits(end + 1) > end + 1) {
      end = digits(end + 1);
      kind = Kind::real;
    }
    const size_t sign =
        letter(end) == 'e' && end + 1 < source_.size() && (source_[end + 1] == '+' || source_[end + 1] == '-') ? 1 : 0;
    if (letter(end) == 'e' && digits(end + 1 + sign) > end + 1 + sign) {
      end = digits(end + 1 + sign);
      kind = Kind::real;
    }
  }
  add(kind, source_.substr(at_, end - at_));
  at_ = end;
}

bool Lexer::symbol() {
  static constexpr std::string_view kSymbols[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
                                                  "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ","};
  const auto found = std::find_if(std::begin(kSymbols), std::end(kSymbols), [&](std::string_view s) { return at(s); });
  if (found == std::end(kSymbols)) {
    const std::string_view rest = source_.substr(at_);
    return fail("unexpected character " + std::string(rest.substr(0, text::first_character(rest).length)));
  }
  const char c = found->front();
  if (c == '(') brackets_ += ')';
  if (c == '[') brackets_ += ']';
  if (c == '{') brackets_ += '}';
  if (c == ')' || c == ']' || c == '}') {
    if (brackets_.empty() || brackets_.back() != c)
      return fail("unexpected '" + std::string(1, c) + "'" +
                  (brackets_.empty() ? "" : std::string(", expected '") + brackets_.back() + "'"));
    brackets_.pop_back();
  }
  add(Kind::symbol, *found);
  at_ += found->size();
  return true;
}

Result<std::vector<Token>> Lexer::run() {
  for (;;) {
    size_t open = source_.find('{', at_);
    while (open != npos && (open + 1 == source_.size() || std::string_view("{%#").find(source_[open + 1]) == npos))
      open = source_.find('{', open + 1);
    if (open == npos) break;
    const char kind = source_[open + 1];
    const size_t inside = open + 2;
    const char sign = inside < source_.size() && (source_[inside] == '-' || source_[inside] == '+') ? source_[inside] : ' ';
    const size_t after_sign = inside + (sign == ' ' ? 0 : 1);
    add_data(source_.substr(at_, open - at_), sign, kind != '{');
    at_ = open;
    const size_t raw_end = kind == '%' ? end_of_raw_begin(after_sign) : npos;
    if (raw_end == npos) at_ = after_sign;
    if (!(raw_end != npos ? raw(raw_end) : kind == '#' ? comment() : tag(kind == '%'))) return std::move(error_);
  }
  if (at_ < source_.size()) add(Kind::data, source_.substr(at_));
  at_ = source_.size();
  add(Kind::end, {});
  return std::move(tokens_);
}

/// Digits of an escape sequence at the start of `text`, as a number; -1 when there are too few.
int32_t escape_code(std::string_view text, size_t n_digits, int base) {
  int32_t code = 0;
  for (size_t i = 0; i < n_digits; ++i) {
    const int c = i < text.size() ? text[i] | 0x20 : 0;
    const int digit = i < text.size() && is_ascii_digit(static_cast<unsigned char>(text[i])) ? text[i] - '0'
                      : c >= 'a' && c <= 'f'                                                 ? c - 'a' + 10
                                                                                             : base;
    if (digit >= base) return -1;
    code = code < 0x1000000 ? code * base + digit : code;
  }
  return code;
}

}  // namespace

std::string normalize_source(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

Result<std::vector<Token>> tokenize(std::string_view source, const SyntaxOptions& options) {
  return Lexer(source, options).run();
}

std::string place(std::string_view source, size_t position) {
  const std::string_view before = source.substr(0, std::min(position, source.size()));
  const size_t newline = before.rfind('\n');
  const size_t line_start = newline == npos ? 0 : newline + 1;
  return std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
         std::to_string(1 + count_characters(before.substr(line_start)));
}

Result<std::string> unescape(std::string_view text) {
  static constexpr std::string_view kNames = "\\'\"abfnrtv";
  static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (c == '\n') continue;
    if (const size_t name = kNames.find(c); name != npos) {
      out += kMeanings[name];
    } else if (digits != 0) {
      const int32_t code = escape_code(text.substr(i + 1), digits, 16);
      if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return failure("a malformed \\" + std::string(1, c) + " escape");
      text::append_utf8(static_cast<uint32_t>(code), out);
      i += digits;
    } else if (c >= '0' && c <= '7') {
      size_t n = 1;
      while (n < 3 && i + n < text.size() && text[i + n] >= '0' && text[i + n] <= '7') ++n;
      text::append_utf8(static_cast<uint32_t>(escape_code(text.substr(i), n, 8)), out);
      i += n - 1;
    } else if (c == 'N') {
      return failure("\\N escapes are not supported");
    } else {
      out.append(1, '\\').append(1, c);
    }
  }
  return out;
}

}  // namespace sotto::jinja
