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

MergeList merges_from_scores(const Vocab& vocab, std::span<const double> scores) {
  MergeList list;
  std::vector<TokenId> by_score;
  for (size_t i = 0; i < vocab.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    if (vocab.find_plain(vocab.piece(id)) == id) by_score.push_back(id);
  }
  std::sort(by_score.begin(), by_score.end(), [&](TokenId a, TokenId b) {
    const double x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  std::unordered_map<uint32_t, SymbolId> extra;  // by code point
  const auto symbol = [&](std::string_view text, const Character& c) -> SymbolId {
    if (const auto id = vocab.find_plain(text)) return static_cast<SymbolId>(*id);
    if (c.length != text.size()) return kNoSymbol;
    const auto [entry, is_new] = extra.try_emplace(c.code, static_cast<SymbolId>(vocab.size() + list.extra_symbols.size()));
    if (is_new) list.extra_symbols.push_back(c.code);
    return entry->second;
  };
  uint32_t rank = 0;
  for (size_t i = 0; i < by_score.size(); ++i) {
    if (i > 0 && scores[static_cast<size_t>(by_score[i])] != scores[static_cast<size_t>(by_score[i - 1])]) ++rank;
    const std::string_view piece = vocab.piece(by_score[i]);
    const Character first = first_character(piece);
    for (size_t cut = first.length; cut < piece.size(); cut += first_character(piece.substr(cut)).length) {
      const SymbolId left = symbol(piece.substr(0, cut), first);
      if (left == kNoSymbol) continue;
      const SymbolId right = symbol(piece.substr(cut), first_character(piece.substr(cut)));
      if (right != kNoSymbol) list.merges.push_back({left, right, rank, static_cast<SymbolId>(by_score[i])});
    }
  }
  return list;
}

}  // namespace sotto::text
