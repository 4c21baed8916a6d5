// Lexer: a template's text as tokens, white space control applied, by the rules of Jinja 3.1. Views point into the source given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto::jinja {

struct SyntaxOptions {
  bool trim_blocks = true;    // the line end after a block tag belongs to the tag
  bool lstrip_blocks = true;  // so do blanks between a line's start and a block tag
};

struct Token {
  enum class Kind : uint8_t { data, print_begin, print_end, block_begin, block_end, name, string, integer, real, symbol, end };
  Kind kind;
  uint32_t position;      // byte offset in the source
  std::string_view text;  // a string without its quotes, not yet unescaped
};

/// Line ends as \n, without the last one: what tokens and positions refer to.
std::string normalize_source(std::string_view source);

Result<std::vector<Token>> tokenize(std::string_view source, const SyntaxOptions& options);

/// "line:column" of a byte offset, both from 1; columns are characters.
std::string place(std::string_view source, size_t position);

/// The text of a string token. Errors: a malformed escape sequence.
Result<std::string> unescape(std::string_view text);

}  // namespace sotto::jinja
