// The bounds check that every ByteSource makes before it reads.
#pragma once

#include "sotto/byte_source.h"

namespace sotto {

/// ok when [offset, offset + length) lies in `source`; else `bad_model` with where = "name:offset".
Status check_range(const ByteSource& source, uint64_t offset, uint64_t length);

}  // namespace sotto
