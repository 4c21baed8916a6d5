// What a Tokenizer is made of. gguf_tokenizer.cpp and hf_tokenizer.cpp fill it in, tokenizer.cpp uses it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sotto/tokenizer.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalizer.h"
#include "text/pretokenize.h"
#include "text/vocab.h"

namespace sotto {

struct Tokenizer::Impl {
  text::Vocab vocab;

  // Encoding, in this order.
  text::AddedTokens added;  // found in the text as it is
  text::Normalizer normalizer;
  text::AddedTokens added_normalized;  // found in the normalized text
  text::Normalizer marks;              // blanks and marks that pre-tokenizers put into what is left
  std::vector<text::SplitRule> rules;  // none: words are cut where no piece reaches across
  text::Bpe bpe;
  std::vector<TokenId> prefix, suffix;  // of add_special

  // Decoding. Byte-level: characters stand for bytes; otherwise U+2581 for a blank and <0xNN> for bytes.
  bool byte_level = false;
  bool strips_leading_blank = false;  // the one that encoding put in front

  std::optional<TokenId> bos, eos;
  std::vector<TokenId> end_of_generation;  // sorted
  std::vector<std::string> warnings;

  /// The bytes that `id` stands for. Precondition: vocab.contains(id).
  void append_bytes(TokenId id, std::string& out) const;
  /// Adds eos, and the control pieces that are known to end a turn or a message by their text; sorts and removes duplicates.
  void complete_end_of_generation();
};

}  // namespace sotto
