// MergeTable: which two neighbouring symbols become one, and in what order. Open addressing, 16 bytes per slot, 3/4 full: 6 MB for
// Llama 3's 280,000 merges.
#pragma once

#include <cstdint>
#include <vector>

namespace sotto::text {

/// Ids of the vocabulary; kNoSymbol for a character that is no piece.
using SymbolId = uint32_t;
inline constexpr SymbolId kNoSymbol = UINT32_MAX;

struct Merge {
  SymbolId left = kNoSymbol;
  SymbolId right = kNoSymbol;
  uint32_t rank = 0;  // lower comes first; equal ranks from left to right
  SymbolId result = kNoSymbol;
};

class MergeTable {
 public:
  MergeTable() : MergeTable(0) {}
  explicit MergeTable(size_t n_merges) : slots_(n_merges + n_merges / 3 + 2) {}

  /// Of equal pairs the first stays. At most as many as announced.
  void insert(const Merge& merge) noexcept {
    Merge& slot = slots_[slot_of(merge.left, merge.right)];
    if (slot.left == kNoSymbol) slot = merge;
  }
  /// Where insert() or find() of the pair will look is brought near.
  void fetch(SymbolId left, SymbolId right) const noexcept { __builtin_prefetch(&slots_[first_slot(left, right)]); }
  /// nullptr when the two do not merge.
  const Merge* find(SymbolId left, SymbolId right) const noexcept {
    const Merge& slot = slots_[slot_of(left, right)];
    return slot.left == kNoSymbol || left == kNoSymbol ? nullptr : &slot;
  }
  size_t bytes() const noexcept { return slots_.capacity() * sizeof(Merge); }

 private:
  size_t first_slot(SymbolId left, SymbolId right) const noexcept {
    uint64_t hash = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
    hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9u;
    return static_cast<size_t>(((hash >> 32) * slots_.size()) >> 32);
  }
  size_t slot_of(SymbolId left, SymbolId right) const noexcept {
    size_t slot = first_slot(left, right);
    while (slots_[slot].left != kNoSymbol && (slots_[slot].left != left || slots_[slot].right != right))
      if (++slot == slots_.size()) slot = 0;
    return slot;
  }

  std::vector<Merge> slots_;
};

}  // namespace sotto::text
