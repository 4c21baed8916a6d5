#include "text/bpe.h"

#include <algorithm>

namespace sotto::text {

uint32_t byte_to_character(uint8_t byte) noexcept {
  // Printable Latin-1 stands for itself; the 68 others are counted up from U+0100.
  if ((byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD)) return byte;
  return byte <= 0x20 ? 0x100u + byte : byte <= 0xA0 ? 0x100u + 33 + (byte - 0x7Fu) : 0x100u + 67;
}

std::optional<uint8_t> character_to_byte(uint32_t code) noexcept {
  if (code < 0x100)
    return byte_to_character(static_cast<uint8_t>(code)) == code ? std::optional(static_cast<uint8_t>(code)) : std::nullopt;
  const uint32_t n = code - 0x100;
  if (n > 67) return std::nullopt;
  return static_cast<uint8_t>(n <= 0x20 ? n : n < 67 ? 0x7F + (n - 33) : 0xAD);
}

Bpe::Bpe(const Vocab& vocab, MergeList list, const BpeOptions& options) : options_(options), merges_(list.merges.size()) {
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < list.merges.size(); ++i) {
    if (i + kAhead < list.merges.size()) merges_.fetch(list.merges[i + kAhead].left, list.merges[i + kAhead].right);
    merges_.insert(list.merges[i]);
  }
  for (size_t i = 0; i < list.extra_symbols.size(); ++i)
    extra_.emplace_back(list.extra_symbols[i], static_cast<SymbolId>(vocab.size() + i));
  std::sort(extra_.begin(), extra_.end());
  for (uint32_t i = 0; i < single_.size(); ++i) {
    std::string character;
    append_utf8(options.byte_level ? byte_to_character(static_cast<uint8_t>(i)) : i, character);
    single_[i] = find_symbol(vocab, i, character);
  }
  if (!knows_pairs()) return;
  size_t n_characters = 0;
  for (const Merge& merge : list.merges) n_characters += vocab.piece(static_cast<TokenId>(merge.result)).size();
  pairs_ = CharacterPairs(n_characters / 2);
  for (const Merge& merge : list.merges) pairs_.add_piece(vocab.piece(static_cast<TokenId>(merge.result)));
}

SymbolId Bpe::find_symbol(const Vocab& vocab, uint32_t code, std::string_view character) const noexcept {
  if (const auto id = vocab.find_plain(character)) return static_cast<SymbolId>(*id);
  const auto found = std::lower_bound(extra_.begin(), extra_.end(), std::pair(code, SymbolId{0}));
  return found != extra_.end() && found->first == code ? found->second : kNoSymbol;
}

}  // namespace sotto::text
