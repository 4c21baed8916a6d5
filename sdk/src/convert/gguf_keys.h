// The keys of a GGUF file in the order of the file, which Metadata does not keep.
#pragma once

#include "convert/keys.h"

namespace sotto::convert {

/// Without those that are about the lay-out of the source: general.alignment and split.*. Errors: as reading the file.
Result<Keys> gguf_keys(const formats::ModelFile& file);

}  // namespace sotto::convert
