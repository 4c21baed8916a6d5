// Pre-tokenizers: rules that cut a text into words before BPE. Each is the linear scanner of one regular expression of published
// models; nothing backtracks further than the run it stands in. Rules are applied one after the other, each inside the pieces of
// the one before; what a rule does not match stays as a piece of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/unicode_tables.h"

namespace sotto::text {

/// Code points that have one of `classes` or lie in `ranges`; all others when negated.
struct CharSet {
  uint8_t classes = 0;
  std::span<const CodePointRange> ranges{};
  bool negated = false;

  bool contains(uint32_t code, uint8_t its_classes) const noexcept {
    bool found = (its_classes & classes) != 0;
    for (const CodePointRange& range : ranges) found |= range.first <= code && code <= range.last;
    return found != negated;
  }
};

/// One optional character before a run: none, ' ', \s; or U+2581, which is a piece without a run, too.
enum class Lead : uint8_t { none, blank, white_space, blank_mark };

/// lead? set{min,max}; with at_line_end as much of it as the end of the text or '\n' follows.
struct RunRule {
  CharSet set;
  Lead lead = Lead::none;
  uint32_t min = 1;
  uint32_t max = UINT32_MAX;
  bool at_line_end = false;
};

enum class Contractions : uint8_t { none, lower_case, any_case, any_case_after_word };
enum class Letters : uint8_t {
  letters,             // \p{L}+
  letters_and_marks,   // [\p{L}\p{M}]+
  letters_then_marks,  // (?:\p{L}\p{M}*)+
  cased,               // upper* lower+ or upper+ lower*, letters without case and marks being both
};

/// The alternatives that the word patterns of GPT-2 and its successors consist of, in their order.
struct WordRule {
  bool punctuated_word = false;  // ASCII punctuation and ASCII letters: "/path", ".com"
  Contractions contractions = Contractions::any_case;
  bool blank_leads = false;  // a word may start with ' '; otherwise with any character but \r, \n and `no_lead`
  uint8_t no_lead = kLetter | kNumber;
  Letters letters = Letters::letters;
  uint32_t max_digits = 1;  // numbers are cut after so many; 0: not matched
  bool blank_leads_digits = false;
  CharSet punctuation{.classes = kSpace | kLetter | kNumber, .negated = true};  // ' '? punctuation+
  std::string_view punctuation_tail = "\r\n";                                   // characters that may follow it, ASCII
  bool line_ends = true;                                                        // \s*[\r\n]+ is a piece
};  // at last: \s+(?!\S)|\s+

struct SplitRule {
  enum class Kind : uint8_t { word, run } kind;
  WordRule word{};
  RunRule run{};

  constexpr SplitRule(const WordRule& rule) : kind(Kind::word), word(rule) {}
  constexpr SplitRule(const RunRule& rule) : kind(Kind::run), run(rule) {}
};

/// Appends the ends (offsets) of the pieces of `text` to `ends`; no piece is empty, the last ends at text.size().
void split(std::string_view text, std::span<const SplitRule> rules, std::vector<size_t>& ends);

}  // namespace sotto::text
