// BpeRun: texts to ids by a Bpe. Keeps what one call of Tokenizer::encode can use again: scratch, and the words seen so far, whose
// ids are copied from where they already are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.h"

namespace sotto::text {

class BpeRun {
 public:
  struct Symbol {
    SymbolId id;
    uint32_t start;  // bytes into the word
  };

  /// `vocab`: the one `bpe` was made with; `text_bytes`: of all texts to come, a hint. Ids are appended to `ids`, which only grows.
  BpeRun(const Bpe& bpe, const Vocab& vocab, size_t text_bytes, std::vector<TokenId>& ids);

  // Texts have less than 4 GiB.
  /// A text cut at `ends` (offsets; the last is text.size()): no merge crosses a cut.
  /// Errors: tokenizer_error: no piece for a character, and no fallback.
  Status encode(std::string_view text, std::span<const size_t> ends);
  /// A text that no rule cuts. It is cut where no piece reaches across, which changes nothing and is fast.
  Status encode(std::string_view text);

 private:
  static constexpr size_t kLongestSeen = 26;           // bytes
  static constexpr size_t kMaxSeen = size_t{1} << 15;  // 1 MiB, holds most words of an article

  struct Seen {
    uint32_t first_id = 0;
    uint8_t n_ids = 0;
    uint8_t length = 0;
    char bytes[kLongestSeen];
  };

  Status word(std::string_view word);
  Status encode_word(std::string_view word);
  std::optional<TokenId> whole(std::string_view word);
  Status encode_unknown(std::string_view character);

  const Bpe& bpe_;
  const Vocab& vocab_;
  std::vector<TokenId>& ids_;
  size_t part_start_ = 0;  // unknown pieces are not joined across this place
  bool has_unknown_ = false;
  std::vector<Seen> seen_;  // direct-mapped, by hash
  std::vector<Symbol> symbols_;
  std::string spelled_;
};

}  // namespace sotto::text
