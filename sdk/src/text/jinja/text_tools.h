// What filters and methods of strings share.
#pragma once

#include <cstdint>
#include <string_view>

#include "sotto/result.h"
#include "text/jinja/characters.h"
#include "text/jinja/context.h"

namespace sotto::jinja {

/// Byte offset of the first or last `part` in `text`, or npos. Linear, where std::string_view's functions multiply both lengths.
size_t find_first(std::string_view text, std::string_view part);
size_t find_last(std::string_view text, std::string_view part);

/// str.replace: at most `count` times, all when it is negative; an empty `from` is found before each character and at the end.
Result<Value> replace_text(Context& context, std::string_view text, std::string_view from, std::string_view to, int64_t count);

/// The text at one side of `width` characters, or in the middle of them; the others are `fill`, which is one character.
Result<Value> justify_text(Context& context, std::string_view text, int64_t width, std::string_view fill, Side text_at);

/// str(item) of each, with `separator` between.
Result<Value> join_texts(Context& context, const std::vector<Value>& items, std::string_view separator);

/// A list of strings.
Result<Value> text_list(Context& context, const std::vector<std::string_view>& pieces, Sequence::Kind kind = Sequence::Kind::list);

}  // namespace sotto::jinja
