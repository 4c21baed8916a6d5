// Keys: what a GGUF file says before its tensors, in the order it is written.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "formats/model_file.h"

namespace sotto::convert {

using Keys = std::vector<std::pair<std::string, formats::MetaValue>>;

/// GGUF's numbers are float32; one that is not exactly so would be written as float64, which readers refuse.
inline formats::MetaValue number(double value) {
  return static_cast<double>(static_cast<float>(value));
}
inline formats::MetaValue integer(size_t value) {
  return static_cast<int64_t>(value);
}

/// The same as a reader of the file will see it.
inline formats::Metadata as_metadata(const Keys& keys, const std::string& source) {
  formats::Metadata metadata(source);
  for (const auto& [key, value] : keys) metadata.set(key, value);
  return metadata;
}

}  // namespace sotto::convert
