// What one token costs a model in arithmetic: the denominator of the share that `bench` tells.
#pragma once

#include "sotto/model.h"

namespace sotto::cli {

/// Multiply-accumulates of one token in the layers' matrices; the head is computed for the last token alone.
double layer_macs(const Inspection& file, const ModelInfo& info);

/// Multiply-accumulates of attention for `n` tokens after each other: each looks at those before it.
double attention_macs(const ModelInfo& info, size_t n);

}  // namespace sotto::cli
