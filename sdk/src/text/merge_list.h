// MergeList: what a BPE vocabulary merges, as ids: from a list that the file spells out, or implied by the scores of its pieces.
#pragma once

#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "text/merge_table.h"
#include "text/vocab.h"

namespace sotto::text {

struct MergeList {
  std::deque<Merge> merges;             // of Gemma 580,000: nothing is held twice while it grows
  std::vector<uint32_t> extra_symbols;  // characters that only pieces' parts are; symbol vocab.size() + i
};

/// Appends entry `index` of the list that its file calls `name`; it ranks after those before. One that would make a control piece
/// of a text is left out. Errors: bad_model naming the entry: one of the two, or both together, is no piece.
Status add_merge(const Vocab& vocab, std::string_view left, std::string_view right, std::string_view name, size_t index,
                 MergeList& list);

/// Any two symbols that are a piece together, higher scores first. `scores`: one per piece, none of them NaN.
MergeList merges_from_scores(const Vocab& vocab, std::span<const double> scores);

}  // namespace sotto::text
