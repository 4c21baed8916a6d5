#include "text/bpe_run.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace sotto::text {
namespace {

constexpr size_t kShortWord = 32;  // symbols; up to here a scan for the lowest rank beats a heap

void merge_short(const MergeTable& table, std::vector<BpeRun::Symbol>& symbols) {
  struct Pair {
    uint32_t rank = UINT32_MAX;
    SymbolId result = kNoSymbol;
  };
  std::array<Pair, kShortWord> pairs;  // pairs[i]: symbols i and i + 1
  size_t n = symbols.size();
  const auto look_up = [&](size_t i) {
    const Merge* merge = table.find(symbols[i].id, symbols[i + 1].id);
    pairs[i] = merge ? Pair{merge->rank, merge->result} : Pair{};
  };
  for (size_t i = 0; i + 1 < n; ++i) look_up(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].result == kNoSymbol) break;
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

void merge_long(const MergeTable& table, std::vector<BpeRun::Symbol>& symbols) {
  struct Link {
    uint32_t before, after;
  };
  constexpr uint32_t kEnd = UINT32_MAX;
  const auto n = static_cast<uint32_t>(symbols.size());
  std::vector<Link> links(n);
  for (uint32_t i = 0; i < n; ++i) links[i] = {i - 1, i + 1 < n ? i + 1 : kEnd};  // before the first: UINT32_MAX, which is kEnd
  // Merges to try, the best on top: rank << 32 | index of the left symbol.
  std::vector<uint64_t> heap;
  const auto merge_at = [&](uint32_t at) {
    const uint32_t right = links[at].after;
    return right == kEnd ? nullptr : table.find(symbols[at].id, symbols[right].id);
  };
  const auto candidate = [](const Merge& merge, uint32_t at) { return uint64_t{merge.rank} << 32 | at; };
  const auto push = [&](uint32_t at) {
    const Merge* merge = merge_at(at);
    if (!merge) return;
    heap.push_back(candidate(*merge, at));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (uint32_t i = 0; i + 1 < n; ++i)
    if (const Merge* merge = merge_at(i)) heap.push_back(candidate(*merge, i));
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const uint64_t best = heap.back();
    heap.pop_back();
    // Out of date when one of the two symbols has merged since; merged-away symbols have no id, which merges with nothing.
    const auto at = static_cast<uint32_t>(best);
    const Merge* merge = merge_at(at);
    if (!merge || candidate(*merge, at) != best) continue;
    const uint32_t right = links[at].after, after = links[right].after;
    symbols[at].id = merge->result;
    symbols[right].id = kNoSymbol;
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
  if (symbols_.size() > kShortWord)
    merge_long(bpe_.merges(), symbols_);
  else
    merge_short(bpe_.merges(), symbols_);
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
