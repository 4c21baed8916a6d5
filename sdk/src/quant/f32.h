// F32: IEEE single precision, little-endian, copied as it is.
#pragma once

#include <cstddef>

namespace sotto::quant::f32 {

using Block = float;

void decode(const std::byte* blocks, size_t n_weights, float* out);
void encode(const float* weights, size_t n_weights, std::byte* blocks);

}  // namespace sotto::quant::f32
