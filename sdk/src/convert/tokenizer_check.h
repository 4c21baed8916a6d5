// Whether two tokenizers give the same ids, by trying: every piece between others, control pieces as well.
#pragma once

#include "sotto/cancel.h"
#include "sotto/tokenizer.h"

namespace sotto::convert {

/// Errors: unsupported with a text that `written` and `original` encode differently; cancelled, deadline_exceeded.
Status check_same_ids(const Tokenizer& original, const Tokenizer& written, const RunControl& control);

}  // namespace sotto::convert
