// Numbers from text, as Python's int() and float() read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sotto::jinja {

/// White space around, a sign, a prefix 0x, 0o or 0b where `base` is 16, 8 or 2 or 0 (which takes the base from the prefix),
/// underscores between digits. Nothing when it is no such number or does not fit 64 bits.
std::optional<int64_t> parse_integer(std::string_view text, int base);
/// Also inf, infinity and nan.
std::optional<double> parse_float(std::string_view text);

}  // namespace sotto::jinja
