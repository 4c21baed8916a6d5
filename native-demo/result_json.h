// Results of the SDK as JSON, with the names that every binding has; native-demo/README.md documents them.
#pragma once

#include "facade/results_json.h"
#include "output.h"

namespace sotto::cli {

template <class T>
Json json_of(const T& result) {
  return parse_json(facade::json_of(result).text);
}

}  // namespace sotto::cli
