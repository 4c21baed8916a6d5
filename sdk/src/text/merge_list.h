// MergeList: what a BPE vocabulary merges, as ids, where the file spells it out.
#pragma once

#include <string_view>
#include <vector>

#include "text/merge_table.h"
#include "text/vocab.h"

namespace sotto::text {

using MergeList = std::vector<Merge>;

/// Appends entry `index` of the list that its file calls `name`; it ranks after those before. One that would make a control piece
/// of a text is left out. Errors: bad_model naming the entry: one of the two, or both together, is no piece.
Status add_merge(const Vocab& vocab, std::string_view left, std::string_view right, std::string_view name, size_t index,
                 MergeList& list);

}  // namespace sotto::text
