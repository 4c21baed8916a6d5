// Characters of a text that may hold anything: UTF-8 where it is well-formed, else single bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/utf8.h"
#include "text/unicode_tables.h"

namespace sotto::text {

/// A byte that belongs to no character reads as kInvalidByte + its value: above every code point, so that it equals no character.
inline constexpr uint32_t kInvalidByte = 0x110000;

struct Character {
  uint32_t code;    // code point, or kInvalidByte + byte
  uint32_t length;  // bytes, at least 1
};

/// The character at the start of `text`, which is not empty.
inline Character first_character(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  if (byte(0) < 0x80) return {byte(0), 1};
  switch (formats::utf8_length(text)) {
    case 2:
      return {(byte(0) & 0x1F) << 6 | (byte(1) & 0x3F), 2};
    case 3:
      return {(byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
    case 4:
      return {(byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
    default:
      return {kInvalidByte + byte(0), 1};
  }
}

/// The same from the other end.
inline Character last_character(std::string_view text) noexcept {
  for (size_t n = 1; n <= 4 && n <= text.size(); ++n) {
    const std::string_view tail = text.substr(text.size() - n);
    if (formats::utf8_length(tail) == n) return first_character(tail);
    if ((static_cast<unsigned char>(tail[0]) & 0xC0) != 0x80) break;
  }
  return {kInvalidByte + static_cast<unsigned char>(text.back()), 1};
}

/// CharClass bits. An invalid byte counts as the symbol U+FFFD that other programs would put in its place.
inline uint8_t classes_of(uint32_t code) noexcept {
  if (code >= kInvalidByte) return kSymbol;
  return kClassBlocks[kClassIndex[code / kClassBlock] * kClassBlock + code % kClassBlock];
}

inline bool is_word_character(uint32_t code) noexcept {
  return (classes_of(code) & (kLetter | kMark | kWord)) != 0;
}

/// Code point as UTF-8, or the invalid byte itself.
inline void append_utf8(uint32_t code, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto tail = [&](uint32_t shift) { put(0x80 | ((code >> shift) & 0x3F)); };
  if (code >= kInvalidByte) return put(code - kInvalidByte);
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | code >> 6), tail(0);
  if (code < 0x10000) return put(0xE0 | code >> 12), tail(6), tail(0);
  put(0xF0 | code >> 18), tail(12), tail(6), tail(0);
}

}  // namespace sotto::text
