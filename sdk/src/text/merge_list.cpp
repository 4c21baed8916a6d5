#include "text/merge_list.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "formats/json.h"
#include "text/unicode.h"

namespace sotto::text {

Status add_merge(const Vocab& vocab, std::string_view left, std::string_view right, std::string_view name, size_t index,
                 MergeList& list) {
  std::string both(left);
  both += right;
  TokenId ids[3];
  bool plain = true;
  for (size_t i = 0; const std::string_view piece : {left, right, std::string_view(both)}) {
    const auto id = vocab.find(piece);
    if (!id)
      return Error{ErrorCode::bad_model,
                   "the merge of " + formats::json_quote(left.substr(0, 64)) + " and " + formats::json_quote(right.substr(0, 64)) +
                       " needs the piece " + formats::json_quote(piece.substr(0, 128)) + ", which is not in the vocabulary",
                   std::string(name) + "[" + std::to_string(index) + "]"};
    plain = plain && vocab.is_plain(*id);
    ids[i++] = *id;
  }
  if (plain)
    list.merges.push_back({static_cast<SymbolId>(ids[0]), static_cast<SymbolId>(ids[1]), static_cast<uint32_t>(list.merges.size()),
                           static_cast<SymbolId>(ids[2])});
  return {};
}

namespace {

// The plain pieces that their own text finds (of equal ones the first), higher scores first.
std::vector<TokenId> by_score(const Vocab& vocab, std::span<const double> scores) {
  std::vector<std::string_view> pieces(vocab.size());
  std::vector<TokenId> found(vocab.size()), ids;
  for (size_t i = 0; i < pieces.size(); ++i) pieces[i] = vocab.piece(static_cast<TokenId>(i));
  vocab.find_all_plain(pieces, found);
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i] == static_cast<TokenId>(i)) ids.push_back(found[i]);
  const auto before = [&](TokenId a, TokenId b) {
    const double x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  };
  if (!std::is_sorted(ids.begin(), ids.end(), before)) std::sort(ids.begin(), ids.end(), before);  // files usually are
  return ids;
}

// Pieces cut in two, at every character. What the halves are is looked up for many at once.
class Cuts {
 public:
  Cuts(const Vocab& vocab, MergeList& list) : vocab_(vocab), list_(list) {}

  void add(TokenId piece, uint32_t rank) {
    const std::string_view text = vocab_.piece(piece);
    for (size_t cut = first_character(text).length; cut < text.size(); cut += first_character(text.substr(cut)).length) {
      halves_.insert(halves_.end(), {text.substr(0, cut), text.substr(cut)});
      wholes_.push_back({piece, rank});
    }
    if (halves_.size() >= kManyHalves) flush();
  }

  void flush() {
    ids_.resize(halves_.size());
    vocab_.find_all_plain(halves_, ids_);
    for (size_t i = 0; i < wholes_.size(); ++i) {
      const SymbolId left = symbol(2 * i), right = left == kNoSymbol ? kNoSymbol : symbol(2 * i + 1);
      if (right != kNoSymbol) list_.merges.push_back({left, right, wholes_[i].rank, static_cast<SymbolId>(wholes_[i].piece)});
    }
    halves_.clear();
    wholes_.clear();
  }

 private:
  static constexpr size_t kManyHalves = 1024;
  struct Whole {
    TokenId piece;
    uint32_t rank;
  };

  // A single character is a symbol even where it is no piece.
  SymbolId symbol(size_t half) {
    if (ids_[half] >= 0) return static_cast<SymbolId>(ids_[half]);
    const Character character = first_character(halves_[half]);
    if (character.length != halves_[half].size()) return kNoSymbol;
    const auto [entry, is_new] =
        extra_.try_emplace(character.code, static_cast<SymbolId>(vocab_.size() + list_.extra_symbols.size()));
    if (is_new) list_.extra_symbols.push_back(character.code);
    return entry->second;
  }

  const Vocab& vocab_;
  MergeList& list_;
  std::unordered_map<uint32_t, SymbolId> extra_;  // by code point
  std::vector<std::string_view> halves_;
  std::vector<TokenId> ids_;  // of the halves
  std::vector<Whole> wholes_;
};

}  // namespace

MergeList merges_from_scores(const Vocab& vocab, std::span<const double> scores) {
  MergeList list;
  Cuts cuts(vocab, list);
  uint32_t rank = 0;
  TokenId previous = -1;
  for (const TokenId piece : by_score(vocab, scores)) {
    if (previous >= 0 && scores[static_cast<size_t>(piece)] != scores[static_cast<size_t>(previous)]) ++rank;
    cuts.add(piece, rank);
    previous = piece;
  }
  cuts.flush();
  return list;
}

}  // namespace sotto::text
