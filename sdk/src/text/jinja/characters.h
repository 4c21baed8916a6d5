// Texts as Python sees them: sequences of code points, with Unicode white space and case. All texts of the engine are well-formed
// UTF-8: sources are checked once, variables come from JSON, and nothing cuts inside a character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace sotto::jinja {

size_t count_characters(std::string_view text) noexcept;
/// Byte offset of character `index`, text.size() when there are fewer.
size_t offset_of(std::string_view text, size_t index) noexcept;

/// Calls `take(code, bytes)` for each character.
template <class Take>
void for_each_character(std::string_view text, Take take) {
  while (!text.empty()) {
    const text::Character c = text::first_character(text);
    take(c.code, text.substr(0, c.length));
    text.remove_prefix(c.length);
  }
}

bool is_space(uint32_t code) noexcept;  // str.isspace
bool is_word(uint32_t code) noexcept;   // \w; beyond Latin-1, all but the blocks of punctuation and symbols count as letters
uint32_t to_upper(uint32_t code) noexcept;
uint32_t to_lower(uint32_t code) noexcept;
inline bool is_ascii_digit(uint32_t code) noexcept {
  return code >= '0' && code <= '9';
}

enum class Side : uint8_t { left = 1, right = 2, both = 3 };
std::string_view strip(std::string_view text, Side side = Side::both) noexcept;
/// Removes the characters of `set`.
std::string_view strip_set(std::string_view text, std::string_view set, Side side);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
/// Upper case after what `starts_word` answers true for, lower case elsewhere.
std::string title(std::string_view text, bool (*starts_word)(uint32_t before));

/// str.splitlines: at \n, \r, \r\n, \v, \f, \x1c-\x1e, \x85, U+2028, U+2029.
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends = false);

}  // namespace sotto::jinja
