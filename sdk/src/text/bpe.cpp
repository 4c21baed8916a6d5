#include "text/bpe.h"

#include <algorithm>
#include <numeric>

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

namespace {

// Higher scores first; equal scores have equal ranks.
std::vector<uint32_t> ranks_of(std::span<const double> scores) {
  std::vector<uint32_t> order(scores.size()), ranks(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto before = [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; };
  if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);  // files usually are
  for (size_t i = 1; i < order.size(); ++i) ranks[order[i]] = ranks[order[i - 1]] + (before(order[i - 1], order[i]) ? 1 : 0);
  return ranks;
}

}  // namespace

Bpe::Bpe(const Vocab& vocab, const BpeOptions& options) : options_(options) {
  for (uint32_t i = 0; i < single_.size(); ++i) {
    std::string character;
    append_utf8(options.byte_level ? byte_to_character(static_cast<uint8_t>(i)) : i, character);
    single_[i] = find_symbol(vocab, character);
  }
  if (!knows_pairs()) return;
  size_t n_bytes = 0;
  const auto for_each_plain = [&](auto take) {
    for (size_t i = 0; i < vocab.size(); ++i)
      if (const auto id = static_cast<TokenId>(i); vocab.is_plain(id)) take(vocab.piece(id));
  };
  for_each_plain([&](std::string_view piece) { n_bytes += piece.size(); });
  pairs_ = CharacterPairs(n_bytes);
  for_each_plain([&](std::string_view piece) { pairs_.add_piece(piece); });
}

Bpe::Bpe(const Vocab& vocab, const MergeList& merges, const BpeOptions& options) : Bpe(vocab, options) {
  constexpr size_t kAhead = 16;
  merges_ = MergeTable(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    if (i + kAhead < merges.size()) merges_.fetch(merges[i + kAhead].left, merges[i + kAhead].right);
    merges_.insert(merges[i]);
  }
}

Bpe::Bpe(const Vocab& vocab, std::span<const double> scores, const BpeOptions& options) : Bpe(vocab, options) {
  piece_ranks_ = ranks_of(scores);
}

SymbolId Bpe::find_symbol(const Vocab& vocab, std::string_view character) noexcept {
  const auto id = vocab.find_plain(character);
  return id ? static_cast<SymbolId>(*id) : kNoSymbol;
}

}  // namespace sotto::text
