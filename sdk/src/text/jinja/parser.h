// Parser: tokens to a Program, in one pass. Recursion is bounded by kMaxNesting.
#pragma once

#include <string_view>

#include "sotto/result.h"
#include "text/jinja/lexer.h"
#include "text/jinja/program.h"

namespace sotto::jinja {

/// `source` is normalized, and well-formed UTF-8. Errors: `where` is line:column.
Result<Program> parse(std::string_view source, const SyntaxOptions& options);

}  // namespace sotto::jinja
