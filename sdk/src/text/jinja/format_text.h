// Python's text formatting, as far as templates use it: "%s" % x and "{}".format(x), with flags, width and precision.
#pragma once

#include <string_view>

#include "sotto/result.h"
#include "text/jinja/context.h"
#include "text/jinja/natives.h"

namespace sotto::jinja {

/// `values`: a tuple of values, a dict for %(name)s, or a single value.
Result<Value> percent_format(Context& context, std::string_view format, const Value& values);
/// {} {0} {name} with !r, !s and :spec; no attributes or items of fields.
Result<Value> brace_format(Context& context, std::string_view format, std::span<const Value> positional,
                           std::span<const Named> named);

/// `format` of strftime at `unix_seconds`, UTC. Errors: a directive that is not known.
Result<std::string> format_time(std::string_view format, int64_t unix_seconds);

}  // namespace sotto::jinja
