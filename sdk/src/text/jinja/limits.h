// What a template may use at most. Templates come from model files and values from anyone: each breach is a template_error.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::jinja {

inline constexpr size_t kMaxSourceBytes = size_t{1} << 19;     // the longest published template has 30 kB
inline constexpr size_t kMaxVariablesBytes = size_t{1} << 25;  // JSON text
inline constexpr size_t kMaxVariablesValues = size_t{1} << 20;
inline constexpr size_t kMaxNesting = 64;     // of expressions and of blocks while parsing: 64 use about 60 kB of stack
inline constexpr size_t kMaxArguments = 255;  // of one call, as written

inline constexpr int64_t kMaxSteps = 10'000'000;  // instructions, plus the work inside functions
inline constexpr size_t kBytesPerStep = 64;       // text handled for one step
inline constexpr size_t kMaxCallDepth = 100;      // macros that call macros
inline constexpr size_t kMaxStackValues = size_t{1} << 16;
inline constexpr size_t kMaxNativeDepth = 8;                // filters that call filters: map('map', 'map', ...)
inline constexpr size_t kMaxOutputBytes = size_t{1} << 25;  // everything printed, captured blocks included
inline constexpr size_t kMaxTextBytes = size_t{1} << 24;    // of one string
inline constexpr size_t kMaxItems = size_t{1} << 20;        // of one list
inline constexpr size_t kMaxValueDepth = 100;               // lists in lists
inline constexpr size_t kMaxLiveBytes = size_t{1} << 27;    // all values that exist at a time

}  // namespace sotto::jinja
