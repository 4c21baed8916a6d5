// Properties of code points, generated: see platform/toolchain/unicode_tables.py. unicode.h and nfc.h are what others use.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace sotto::text {

extern const char* const kUnicodeVersion;

/// Classes of a code point, as bits: general category by its first letter, White_Space, and case (title case counts as upper).
enum CharClass : uint8_t {
  kLetter = 1,
  kNumber = 2,
  kSpace = 4,
  kMark = 8,
  kPunctuation = 16,
  kSymbol = 32,
  kUpper = 64,
  kWord = kUpper,  // of what is neither letter nor mark: a word character all the same (\w), as are digits, '_' and circled letters
  kLower = 128,
};

inline constexpr uint32_t kClassBlock = 128;                           // code points per block
extern const std::array<uint8_t, 0x110000 / kClassBlock> kClassIndex;  // code point / kClassBlock -> block
extern const std::span<const uint8_t> kClassBlocks;                    // CharClass bits, kClassBlock each

struct Decomposition {
  uint32_t composed, first, second;  // second is 0 for a singleton
};
struct CombiningClass {
  uint32_t first, last;
  uint8_t value;
};
struct CodePointRange {
  uint32_t first, last;
};
extern const std::span<const Decomposition> kDecompositions;     // canonical, one step, by `composed`
extern const std::span<const uint16_t> kCompositions;            // indices of those that compose again, by (first, second)
extern const std::span<const CombiningClass> kCombiningClasses;  // other than 0
extern const std::span<const CodePointRange> kNfcUnstable;       // may change, or change what is before them, under NFC

}  // namespace sotto::text
