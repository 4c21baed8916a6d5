// json_slices: the members of a JSON object, or the items of an array, as pieces of its text. tokenizer.json is one object whose
// largest parts are deep inside; cut out like this they can be parsed one at a time, and no tree of the whole is made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto::text {

struct JsonSlice {
  std::string name;        // of a member
  std::string_view value;  // not looked into: whether it is JSON shows when it is parsed
};

/// Linear. Errors: bad_model with `where` and offset: no object or array, or its own punctuation is wrong.
Result<std::vector<JsonSlice>> json_slices(std::string_view text, std::string_view where);

}  // namespace sotto::text
