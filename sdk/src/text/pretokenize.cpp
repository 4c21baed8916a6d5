#include "text/pretokenize.h"

#include <algorithm>

#include "text/unicode.h"

namespace sotto::text {
namespace {

/// A place in a text and the character there; past the end its classes are 0 and its length is 0.
class Cursor {
 public:
  Cursor(std::string_view text, size_t at) noexcept : text_(text), at_(at) { load(); }

  size_t at() const noexcept { return at_; }
  bool done() const noexcept { return at_ >= text_.size(); }
  uint32_t code() const noexcept { return code_; }
  uint8_t classes() const noexcept { return classes_; }
  bool is(uint8_t classes) const noexcept { return (classes_ & classes) != 0; }
  bool in(const CharSet& set) const noexcept { return !done() && set.contains(code_, classes_); }
  bool in_ascii(std::string_view set) const noexcept {
    return code_ < 0x80 && !done() && set.find(static_cast<char>(code_)) != std::string_view::npos;
  }
  void next() noexcept {
    at_ += length_;
    load();
  }

 private:
  void load() noexcept {
    code_ = classes_ = 0;
    length_ = 0;
    if (done()) return;
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x80) {
      code_ = byte;
      length_ = 1;
      classes_ = kClassBlocks[byte];  // ASCII is the first block
      return;
    }
    const Character c = first_character(text_.substr(at_));
    code_ = c.code;
    length_ = c.length;
    classes_ = classes_of(c.code);
  }

  std::string_view text_;
  size_t at_;
  uint32_t code_ = 0;
  uint32_t length_ = 0;
  uint8_t classes_ = 0;
};

constexpr uint8_t kLetterOrMark = kLetter | kMark;
constexpr uint32_t kBlankMark = 0x2581;

bool is_line_end(const Cursor& c) noexcept {
  return c.code() == '\n' || (c.code() == '\r');
}
bool is_upper_or_caseless(const Cursor& c) noexcept {
  return c.is(kMark) || (c.is(kLetter) && !c.is(kLower));
}
bool is_lower_or_caseless(const Cursor& c) noexcept {
  return c.is(kMark) || (c.is(kLetter) && !c.is(kUpper));
}
bool is_ascii_letter(const Cursor& c) noexcept {
  return c.code() < 0x80 && c.is(kLetter);
}
bool is_ascii_punctuation(const Cursor& c) noexcept {
  return c.code() < 0x80 && c.is(kPunctuation | kSymbol);
}

/// Bytes of 's 't 're 've 'm 'll 'd at the cursor, else 0. U+017F is another lower case of S.
size_t contraction(std::string_view text, size_t at, bool any_case) noexcept {
  const std::string_view rest = text.substr(at, 3);
  if (rest.size() < 2 || rest[0] != '\'') return 0;
  const auto letter = [&](size_t i) -> char {
    if (i >= rest.size()) return 0;
    return any_case && rest[i] >= 'A' && rest[i] <= 'Z' ? static_cast<char>(rest[i] + 32) : rest[i];
  };
  const char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l')) return 3;
  return any_case && rest.substr(1) == "\u017F" ? 3 : 0;
}

/// End of the letters at the cursor; where it stands when there are none.
size_t cased_letters(const Cursor& start) noexcept {
  Cursor c = start;
  size_t after_last_both = start.at();  // where the last character that counts as upper and as lower ends
  while (is_upper_or_caseless(c)) {
    const bool both = is_lower_or_caseless(c);
    c.next();
    if (both) after_last_both = c.at();
  }
  if (!is_lower_or_caseless(c)) return after_last_both;
  while (is_lower_or_caseless(c)) c.next();
  return c.at();
}

size_t letters_end(Letters letters, const Cursor& start) noexcept {
  Cursor c = start;
  switch (letters) {
    case Letters::letters:
      while (c.is(kLetter)) c.next();
      return c.at();
    case Letters::letters_and_marks:
      while (c.is(kLetterOrMark)) c.next();
      return c.at();
    case Letters::letters_then_marks:
      if (!c.is(kLetter)) return c.at();
      while (c.is(kLetterOrMark)) c.next();
      return c.at();
    case Letters::cased:
      return cased_letters(start);
  }
  return start.at();
}

/// End of the word at `start`, with the one character that may lead it; start.at() for none.
size_t word_end(const WordRule& rule, const Cursor& start) noexcept {
  Cursor led = start;
  const bool may_lead = rule.blank_leads ? start.code() == ' ' : !start.done() && !is_line_end(start) && !start.is(rule.no_lead);
  if (may_lead) led.next();
  // A regular expression tries each alternative first with, then without the leading character (which may be a mark, too).
  if (may_lead)
    if (const size_t end = letters_end(rule.letters, led); end > led.at()) return end;
  if (const size_t end = letters_end(rule.letters, start); end > start.at()) return end;
  if (rule.letters != Letters::cased) return start.at();
  for (Cursor c = led;; c = start) {  // upper+ lower*, where upper* lower+ found nothing: no lower-case letter comes after
    const size_t first = c.at();
    while (is_upper_or_caseless(c)) c.next();
    if (c.at() > first) return c.at();
    if (first == start.at()) return first;
  }
}

size_t match_word(const WordRule& rule, std::string_view text, size_t at) noexcept {
  const Cursor start(text, at);
  if (rule.punctuated_word && is_ascii_punctuation(start)) {
    Cursor c = start;
    c.next();
    const size_t first = c.at();
    while (is_ascii_letter(c)) c.next();
    if (c.at() > first) return c.at();
  }
  if (start.code() == '\'' && (rule.contractions == Contractions::lower_case || rule.contractions == Contractions::any_case))
    if (const size_t n = contraction(text, at, rule.contractions == Contractions::any_case); n > 0) return at + n;
  if (size_t end = word_end(rule, start); end > at) {
    if (rule.contractions == Contractions::any_case_after_word && end < text.size()) end += contraction(text, end, true);
    return end;
  }
  if (rule.max_digits > 0) {
    Cursor c = start;
    if (rule.blank_leads_digits && c.code() == ' ') c.next();
    if (c.is(kNumber)) {
      for (uint32_t n = 0; n < rule.max_digits && c.is(kNumber); ++n) c.next();
      return c.at();
    }
  }
  {
    Cursor c = start;
    if (c.code() == ' ') c.next();
    if (c.in(rule.punctuation)) {
      while (c.in(rule.punctuation)) c.next();
      while (c.in_ascii(rule.punctuation_tail)) c.next();
      return c.at();
    }
  }
  Cursor c = start;
  size_t last = at, after_line_ends = at;  // start of the last white space, end of the last line end
  while (c.is(kSpace)) {
    last = c.at();
    const bool line_end = is_line_end(c);
    c.next();
    if (line_end) after_line_ends = c.at();
  }
  if (rule.line_ends && after_line_ends > at) return after_line_ends;
  return c.done() || last == at ? c.at() : last;  // the last blank before a word belongs to the word
}

/// `resume`: where the next match may start when there is none here; what is left of a run that does not match will not either.
size_t match_run(const RunRule& rule, std::string_view text, size_t at, size_t& resume) noexcept {
  Cursor c(text, at);
  if ((rule.lead == Lead::blank && c.code() == ' ') || (rule.lead == Lead::white_space && c.is(kSpace))) {
    Cursor led = c;
    led.next();
    if (led.in(rule.set)) c = led;
  }
  uint32_t n = 0;
  if (rule.lead == Lead::blank_mark && c.code() == kBlankMark) {
    c.next();
    ++n;
  }
  size_t line_end = at;  // the last '\n' that something matched is before
  for (; n < rule.max && c.in(rule.set); ++n) {
    if (c.code() == '\n') line_end = c.at();
    c.next();
  }
  if (n >= rule.min && (!rule.at_line_end || c.done() || c.code() == '\n')) return c.at();
  if (rule.at_line_end && line_end > at) return line_end;
  if (n > 0) resume = c.at();
  return at;
}

/// Appends the ends of the pieces of `text`, which starts at `offset`.
template <class Match>
void split_by(std::string_view text, size_t offset, std::vector<size_t>& ends, const Match& match) {
  size_t gap = 0;  // start of what nothing matched
  for (size_t at = 0; at < text.size();) {
    size_t resume = 0;
    const size_t end = match(text, at, resume);
    if (end == at) {
      at = std::max(resume, at + first_character(text.substr(at)).length);
      continue;
    }
    if (gap < at) ends.push_back(offset + at);
    ends.push_back(offset + end);
    gap = at = end;
  }
  if (gap < text.size()) ends.push_back(offset + text.size());
}

void split_by(const SplitRule& rule, std::string_view text, size_t offset, std::vector<size_t>& ends) {
  if (rule.kind == SplitRule::Kind::word)
    split_by(text, offset, ends, [&](std::string_view t, size_t at, size_t&) { return match_word(rule.word, t, at); });
  else
    split_by(text, offset, ends, [&](std::string_view t, size_t at, size_t& resume) { return match_run(rule.run, t, at, resume); });
}

}  // namespace

void split(std::string_view text, std::span<const SplitRule> rules, std::vector<size_t>& ends) {
  if (text.empty()) return;
  if (rules.size() == 1) return split_by(rules[0], text, 0, ends);
  std::vector<size_t> before = {text.size()}, after;
  for (const SplitRule& rule : rules) {
    after.clear();
    size_t start = 0;
    for (const size_t end : before) {
      split_by(rule, text.substr(start, end - start), start, after);
      start = end;
    }
    before.swap(after);
  }
  ends.insert(ends.end(), before.begin(), before.end());
}

}  // namespace sotto::text
