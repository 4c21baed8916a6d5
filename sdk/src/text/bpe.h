// Bpe: what words become by merging neighbours, the pair of lowest rank first: byte-level (GPT-2: symbols are bytes) or over
// characters with bytes as fallback (SentencePiece). What merges is told by a list of pairs, or it is any two symbols that are a
// piece together. Immutable; BpeRun does the work, O(n log n) for a word of n symbols.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "text/character_pairs.h"
#include "text/merge_list.h"
#include "text/vocab.h"

namespace sotto::text {

struct BpeOptions {
  bool byte_level = false;
  bool ignore_merges = false;  // a word that is a piece is that piece
  bool byte_fallback = false;  // what is no piece becomes the byte pieces of its UTF-8
  bool fuse_unknown = false;   // neighbouring unknown characters are one unknown piece
  std::optional<TokenId> unknown;
};

class Bpe {
 public:
  Bpe() = default;
  Bpe(const Vocab& vocab, const MergeList& merges, const BpeOptions& options);
  /// Any two symbols that are a piece together merge, those of higher scores first. `scores`: one per piece, none of them NaN.
  Bpe(const Vocab& vocab, std::span<const double> scores, const BpeOptions& options);

  const BpeOptions& options() const noexcept { return options_; }
  const MergeTable& merges() const noexcept { return merges_; }
  /// One per piece, where pieces tell what merges; otherwise empty.
  std::span<const uint32_t> piece_ranks() const noexcept { return piece_ranks_; }
  SymbolId byte_symbol(uint8_t byte) const noexcept { return single_[byte]; }
  /// `vocab`: that of the constructor.
  SymbolId symbol_of(const Vocab& vocab, uint32_t code, std::string_view character) const noexcept {
    return code < kAscii ? single_[code] : find_symbol(vocab, character);
  }
  /// Whether may_join() can be asked: where symbols are characters and whole words are not looked up.
  bool knows_pairs() const noexcept { return !options_.byte_level && !options_.ignore_merges; }
  /// False where no piece has the two characters side by side.
  bool may_join(uint32_t left, uint32_t right) const noexcept { return pairs_.may_join(left, right); }
  size_t bytes() const noexcept { return merges_.bytes() + piece_ranks_.capacity() * sizeof(uint32_t) + pairs_.bytes(); }

 private:
  static constexpr uint32_t kAscii = 0x80;

  Bpe(const Vocab& vocab, const BpeOptions& options);
  static SymbolId find_symbol(const Vocab& vocab, std::string_view character) noexcept;

  BpeOptions options_;
  MergeTable merges_;
  std::vector<uint32_t> piece_ranks_;
  CharacterPairs pairs_;
  std::array<SymbolId, 256> single_{};  // byte-level: of bytes; otherwise of ASCII characters
};

// GPT-2's spelling of bytes as printable characters.
uint32_t byte_to_character(uint8_t byte) noexcept;
std::optional<uint8_t> character_to_byte(uint32_t code) noexcept;

}  // namespace sotto::text
