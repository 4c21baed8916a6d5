// What one token costs a model, by its file: the denominators of the shares that `bench` tells.
#pragma once

#include "sotto/model.h"

namespace sotto::cli {

struct ModelWork {
  double weight_share = 1;  // of the weights' bytes, what decoding one token reads: all but an input embedding beside an own head
  double macs = 0;          // multiply-accumulates of one token in the layers' matrices; the head is computed for the last alone
};
ModelWork model_work(const Inspection& file, const ModelInfo& info);

/// Multiply-accumulates of attention for `n` tokens after each other: each looks at those before it.
double attention_macs(const ModelInfo& info, size_t n);

}  // namespace sotto::cli
