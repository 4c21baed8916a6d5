#include "text/nfc.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "text/unicode.h"

namespace sotto::text {
namespace {

// Hangul syllables are composed by arithmetic (Unicode, section 3.12).
constexpr uint32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
constexpr uint32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28, kSyllableCount = kLeadCount * kVowelCount * kTailCount;
constexpr uint32_t kFirstUnstable = 0x300;

template <class Range>
const Range* find_range(std::span<const Range> ranges, uint32_t code) noexcept {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code, [](uint32_t c, const Range& r) { return c < r.first; });
  if (after == ranges.begin() || code > (after - 1)->last) return nullptr;
  return &*(after - 1);
}

bool unstable(uint32_t code) noexcept {
  return code >= kFirstUnstable && find_range(kNfcUnstable, code) != nullptr;
}

uint8_t combining_class(uint32_t code) noexcept {
  if (code < kFirstUnstable) return 0;
  const CombiningClass* range = find_range(kCombiningClasses, code);
  return range ? range->value : 0;
}

struct Unit {
  uint32_t code;
  uint8_t combining;
  size_t order = 0;  // where it stood, for a stable sort
};

void decompose(uint32_t code, std::vector<Unit>& out) {
  if (code - kSyllables < kSyllableCount) {
    const uint32_t index = code - kSyllables, tail = index % kTailCount;
    out.push_back({kLeads + index / (kVowelCount * kTailCount), 0});
    out.push_back({kVowels + index / kTailCount % kVowelCount, 0});
    if (tail != 0) out.push_back({kTails + tail, 0});
    return;
  }
  // The first part may decompose again (at most four deep in Unicode); the second parts then follow in reverse order.
  uint32_t rest[8];
  size_t n = 0;
  for (;;) {
    const auto found = std::lower_bound(kDecompositions.begin(), kDecompositions.end(), code,
                                        [](const Decomposition& d, uint32_t c) { return d.composed < c; });
    if (found == kDecompositions.end() || found->composed != code) break;
    if (found->second != 0 && n < std::size(rest)) rest[n++] = found->second;
    code = found->first;
  }
  out.push_back({code, combining_class(code)});
  while (n > 0) {
    --n;
    out.push_back({rest[n], combining_class(rest[n])});
  }
}

/// 0 when the two do not compose.
uint32_t compose(uint32_t first, uint32_t second) noexcept {
  if (first - kLeads < kLeadCount && second - kVowels < kVowelCount)
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  if (first - kSyllables < kSyllableCount && (first - kSyllables) % kTailCount == 0 && second - kTails - 1 < kTailCount - 1)
    return first + (second - kTails);
  const auto key = [](uint16_t i) { return std::pair(kDecompositions[i].first, kDecompositions[i].second); };
  const auto found = std::lower_bound(kCompositions.begin(), kCompositions.end(), std::pair(first, second),
                                      [&](uint16_t i, const std::pair<uint32_t, uint32_t>& pair) { return key(i) < pair; });
  return found != kCompositions.end() && key(*found) == std::pair(first, second) ? kDecompositions[*found].composed : 0;
}

/// Characters that may interact, the first of them stable.
void normalize_segment(std::string_view segment, std::vector<Unit>& units, std::string& out) {
  units.clear();
  for (size_t at = 0; at < segment.size();) {
    const Character c = first_character(segment.substr(at));
    decompose(c.code, units);
    at += c.length;
  }
  for (auto first = units.begin(); first != units.end();) {
    if (first->combining == 0) {
      ++first;
      continue;
    }
    const auto last = std::find_if(first, units.end(), [](const Unit& u) { return u.combining == 0; });
    for (auto unit = first; unit != last; ++unit) unit->order = static_cast<size_t>(unit - first);
    std::sort(first, last,
              [](const Unit& a, const Unit& b) { return std::tie(a.combining, a.order) < std::tie(b.combining, b.order); });
    first = last;
  }
  size_t starter = units.size(), kept = 0;
  for (const Unit& unit : units) {
    if (starter < kept) {
      const uint8_t before = units[kept - 1].combining;
      const bool blocked = kept - 1 != starter && (before == 0 || before >= unit.combining);
      if (const uint32_t joined = blocked ? 0 : compose(units[starter].code, unit.code); joined != 0) {
        units[starter].code = joined;
        continue;
      }
    }
    if (unit.combining == 0) starter = kept;
    units[kept++] = unit;
  }
  for (size_t i = 0; i < kept; ++i) append_utf8(units[i].code, out);
}

}  // namespace

std::string to_nfc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::vector<Unit> units;
  size_t done = 0;  // what is before is in `out`
  size_t last = 0;  // start of the latest stable character
  for (size_t at = 0; at < text.size();) {
    const Character c = first_character(text.substr(at));
    if (!unstable(c.code)) {
      last = at;
      at += c.length;
      continue;
    }
    size_t end = at + c.length;
    while (end < text.size()) {
      const Character next = first_character(text.substr(end));
      if (!unstable(next.code)) break;
      end += next.length;
    }
    out.append(text.substr(done, last - done));
    normalize_segment(text.substr(last, end - last), units, out);
    done = last = at = end;
  }
  out.append(text.substr(done));
  return out;
}

}  // namespace sotto::text
