#include "text/bpe_run.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace sotto::text {
namespace {

constexpr size_t kShortWord = 32;  // symbols; up to here a scan for the lowest rank beats a heap

using Symbol = BpeRun::Symbol;

// What two neighbouring symbols become.
struct Joint {
  uint32_t rank = UINT32_MAX;
  SymbolId result = kNoSymbol;  // they do not merge

  explicit operator bool() const noexcept { return result != kNoSymbol; }
};

// By a list of pairs.
class ListedJoints {
 public:
  explicit ListedJoints(const MergeTable& table) : table_(table) {}
  Joint operator()(const Symbol& left, const Symbol& right, size_t) const noexcept {
    const Merge* merge = table_.find(left.id, right.id);
    return merge ? Joint{merge->rank, merge->result} : Joint{};
  }

 private:
  const MergeTable& table_;
};

// By the pieces themselves: the text of both is looked up. Scored vocabularies have so many pairs that collecting them takes longer
// than most texts, and words that were seen are not merged again.
class PieceJoints {
 public:
  PieceJoints(const Vocab& vocab, std::span<const uint32_t> ranks, std::string_view word)
      : vocab_(vocab), ranks_(ranks), word_(word) {}
  /// `end`: of the right one, in the word.
  Joint operator()(const Symbol& left, const Symbol&, size_t end) const noexcept {
    const auto id = vocab_.find_plain(word_.substr(left.start, end - left.start));
    return id ? Joint{ranks_[static_cast<size_t>(*id)], static_cast<SymbolId>(*id)} : Joint{};
  }

 private:
  const Vocab& vocab_;
  std::span<const uint32_t> ranks_;
  std::string_view word_;
};

template <class Joints>
void merge_short(const Joints& joints, std::vector<Symbol>& symbols, size_t word_bytes) {
  std::array<Joint, kShortWord> pairs;  // pairs[i]: symbols i and i + 1
  size_t n = symbols.size();
  const auto look_up = [&](size_t i) {
    pairs[i] = joints(symbols[i], symbols[i + 1], i + 2 < n ? symbols[i + 2].start : word_bytes);
  };
  for (size_t i = 0; i + 1 < n; ++i) look_up(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (!pairs[best]) break;
    symbols[best].id = pairs[best].result;
    for (size_t i = best + 1; i + 1 < n; ++i) {
      symbols[i] = symbols[i + 1];
      if (i + 2 < n) pairs[i] = pairs[i + 1];
    }
    --n;
    if (best + 1 < n) look_up(best);
    if (best > 0) look_up(best - 1);
  }
  symbols.resize(n);
}

template <class Joints>
void merge_long(const Joints& joints, std::vector<Symbol>& symbols, size_t word_bytes) {
  struct Link {
    uint32_t before, after;
  };
  constexpr uint32_t kEnd = UINT32_MAX;
  const auto n = static_cast<uint32_t>(symbols.size());
  std::vector<Link> links(n);
  for (uint32_t i = 0; i < n; ++i) links[i] = {i - 1, i + 1 < n ? i + 1 : kEnd};  // before the first: UINT32_MAX, which is kEnd
  // Merges to try, the best on top: rank << 32 | index of the left symbol.
  std::vector<uint64_t> heap;
  const auto joint_at = [&](uint32_t at) {
    const uint32_t right = links[at].after;
    if (right == kEnd) return Joint{};
    const uint32_t after = links[right].after;
    return joints(symbols[at], symbols[right], after == kEnd ? word_bytes : symbols[after].start);
  };
  const auto candidate = [](const Joint& joint, uint32_t at) { return uint64_t{joint.rank} << 32 | at; };
  const auto push = [&](uint32_t at) {
    const Joint joint = joint_at(at);
    if (!joint) return;
    heap.push_back(candidate(joint, at));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (uint32_t i = 0; i + 1 < n; ++i)
    if (const Joint joint = joint_at(i)) heap.push_back(candidate(joint, i));
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint64_t best = heap.back();
    heap.pop_back();
    // Out of date when one of the two symbols has merged since; a merged-away symbol has nothing after it.
    const auto at = static_cast<uint32_t>(best);
    const Joint joint = joint_at(at);
    if (!joint || candidate(joint, at) != best) continue;
    const uint32_t right = links[at].after, after = links[right].after;
    symbols[at].id = joint.result;
    links[right].after = kEnd;
    links[at].after = after;
    if (after != kEnd) {
      links[after].before = at;
      push(at);
    }
    if (links[at].before != kEnd) push(links[at].before);
  }
  size_t kept = 0;
  for (uint32_t i = 0; i < n; i = links[i].after) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

}  // namespace

BpeRun::BpeRun(const Bpe& bpe, const Vocab& vocab, size_t text_bytes, std::vector<TokenId>& ids)
    : bpe_(bpe), vocab_(vocab), ids_(ids), seen_(std::bit_ceil(std::clamp(text_bytes / 16, size_t{1}, kMaxSeen))) {}

Status BpeRun::encode(std::string_view text, std::span<const size_t> ends) {
  size_t start = 0;
  for (const size_t end : ends) {
    part_start_ = ids_.size();
    SOTTO_TRY(word(text.substr(start, end - start)));
    start = end;
  }
  return {};
}

Status BpeRun::encode(std::string_view text) {
  part_start_ = ids_.size();
  if (!bpe_.knows_pairs()) return text.empty() ? Status() : word(text);
  size_t start = 0;
  uint32_t left = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = first_character(text.substr(at));
    if (at > start && !bpe_.may_join(left, c.code)) {
      SOTTO_TRY(word(text.substr(start, at - start)));
      start = at;
    }
    left = c.code;
    at += c.length;
  }
  return start < text.size() ? word(text.substr(start)) : Status();
}

Status BpeRun::word(std::string_view word) {
  if (word.size() > kLongestSeen) return encode_word(word);
  Seen& seen = seen_[hash_bytes(word) & (seen_.size() - 1)];
  if (std::string_view(seen.bytes, seen.length) == word) {
    for (uint32_t i = 0; i < seen.n_ids; ++i) ids_.push_back(ids_[seen.first_id + i]);
    return {};
  }
  const size_t first_id = ids_.size();
  has_unknown_ = false;
  SOTTO_TRY(encode_word(word));
  if (has_unknown_) return {};  // its ids depend on what is before it
  seen.first_id = static_cast<uint32_t>(first_id);
  seen.n_ids = static_cast<uint8_t>(ids_.size() - first_id);
  seen.length = static_cast<uint8_t>(word.size());
  std::memcpy(seen.bytes, word.data(), word.size());
  return {};
}

Status BpeRun::encode_word(std::string_view word) {
  if (bpe_.options().ignore_merges) {
    if (const auto id = whole(word)) {
      ids_.push_back(*id);
      return {};
    }
  }
  symbols_.clear();
  if (bpe_.options().byte_level) {
    for (uint32_t i = 0; i < word.size(); ++i) symbols_.push_back({bpe_.byte_symbol(static_cast<uint8_t>(word[i])), i});
  } else {
    for (uint32_t at = 0; at < word.size();) {
      const Character c = first_character(word.substr(at));
      symbols_.push_back({bpe_.symbol_of(vocab_, c.code, word.substr(at, c.length)), at});
      at += c.length;
    }
  }
  const auto merge = [&](const auto& joints) {
    if (symbols_.size() > kShortWord)
      merge_long(joints, symbols_, word.size());
    else
      merge_short(joints, symbols_, word.size());
  };
  if (const auto ranks = bpe_.piece_ranks(); !ranks.empty())
    merge(PieceJoints(vocab_, ranks, word));
  else
    merge(ListedJoints(bpe_.merges()));
  for (size_t i = 0; i < symbols_.size(); ++i) {
    if (symbols_[i].id < vocab_.size()) {
      ids_.push_back(static_cast<TokenId>(symbols_[i].id));
      continue;
    }
    const size_t end = i + 1 < symbols_.size() ? symbols_[i + 1].start : word.size();
    SOTTO_TRY(encode_unknown(word.substr(symbols_[i].start, end - symbols_[i].start)));
  }
  return {};
}

std::optional<TokenId> BpeRun::whole(std::string_view word) {
  if (!bpe_.options().byte_level) return vocab_.find_plain(word);
  spelled_.clear();
  for (const char c : word) append_utf8(byte_to_character(static_cast<uint8_t>(c)), spelled_);
  return vocab_.find_plain(spelled_);
}

Status BpeRun::encode_unknown(std::string_view character) {
  const auto has_piece = [&](char c) { return vocab_.byte_piece(static_cast<uint8_t>(c)) >= 0; };
  if (bpe_.options().byte_fallback && std::all_of(character.begin(), character.end(), has_piece)) {
    for (const char c : character) ids_.push_back(vocab_.byte_piece(static_cast<uint8_t>(c)));
    return {};
  }
  has_unknown_ = true;
  if (!bpe_.options().unknown) {
    std::string bytes;
    for (const char c : character) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      bytes += {' ', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[static_cast<unsigned char>(c) & 15]};
    }
    return Error{ErrorCode::tokenizer_error, "the vocabulary has no piece for the bytes" + bytes + " of the text", ""};
  }
  const bool joins = bpe_.options().fuse_unknown && ids_.size() > part_start_ && ids_.back() == *bpe_.options().unknown;
  if (!joins) ids_.push_back(*bpe_.options().unknown);
  return {};
}

}  // namespace sotto::text
