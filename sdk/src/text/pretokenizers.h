// The list of pre-tokenizers: by the name that GGUF files give in tokenizer.ggml.pre, and by the regular expression that
// tokenizer.json spells out. Adding one: its rules and a row here. Names and what belongs to them: llama.cpp's llama-vocab.cpp;
// expressions: the tokenizer.json of the models.
#pragma once

#include <span>
#include <string_view>

#include "text/pretokenize.h"

namespace sotto::text {

struct NamedPreTokenizer {
  std::string_view name;
  std::span<const SplitRule> rules;
  bool ignore_merges = false;  // a word that is a piece is that piece, whatever its merges say
  bool add_bos = false;        // when the file has no tokenizer.ggml.add_bos_token
  bool nfc = false;            // texts are normalized first; GGUF has no field for it
};

/// nullptr for a name that is not in the list.
const NamedPreTokenizer* find_pre_tokenizer(std::string_view name) noexcept;

/// The rule of a Split pre-tokenizer's regular expression; nullptr for one that is not in the list.
const SplitRule* find_split_pattern(std::string_view pattern);

// Rules that tokenizer.json names without an expression.
extern const SplitRule kGpt2Words;          // ByteLevel with use_regex
extern const SplitRule kSingleDigits;       // Digits with individual_digits
extern const SplitRule kDigitRuns;          // Digits without
extern const SplitRule kSinglePunctuation;  // Punctuation, Isolated
extern const SplitRule kPunctuationRuns;    // Punctuation, Contiguous
extern const SplitRule kMarkedWords;        // Metaspace with split: U+2581 starts a word

}  // namespace sotto::text
