// What a Generation is made of: a request that runs, or the error that kept it from starting.
#pragma once

#include "generate/decode_loop.h"

namespace sotto {

struct Generation::Impl {
  Result<std::unique_ptr<generate::DecodeLoop>> loop;
};

}  // namespace sotto
