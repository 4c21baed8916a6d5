// ROOF_LANES: floats in a register; ROOF_LOOP: name of the function.
#include "roof_loops.h"

namespace sotto::cli {

size_t ROOF_LOOP(size_t n) {
  using Floats = float __attribute__((vector_size(ROOF_LANES * sizeof(float))));
  constexpr size_t kSums = 12;  // independent: more than latency x units, and with two operands they fit in 16 registers
  Floats operands[2] = {Floats{} + 0.5f, Floats{} + 1.0f};
  asm volatile("" : "+m"(operands));  // now unknown to the compiler
  const Floats factor = operands[0], addend = operands[1];
  Floats sums[kSums] = {};
  const size_t n_steps = n / (kSums * ROOF_LANES);
  for (size_t step = 0; step < n_steps; ++step)
    for (Floats& sum : sums) sum = sum * factor + addend;
  Floats total = {};
  for (const Floats& sum : sums) total += sum;
  asm volatile("" : : "m"(total));  // somebody wants it
  return n_steps * kSums * ROOF_LANES;
}

}  // namespace sotto::cli
