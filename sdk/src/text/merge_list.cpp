#include "text/merge_list.h"

#include <string>

#include "formats/json.h"

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
    list.push_back({static_cast<SymbolId>(ids[0]), static_cast<SymbolId>(ids[1]), static_cast<uint32_t>(list.size()),
                    static_cast<SymbolId>(ids[2])});
  return {};
}

}  // namespace sotto::text
