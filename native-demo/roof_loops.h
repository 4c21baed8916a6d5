// Loops of RoofMeter, compiled once for each width of registers (CMakeLists.txt), whatever the machine.
#pragma once

#include <cstddef>

namespace sotto::cli {

/// Runs about `n` multiply-accumulates; tells how many.
using MacLoop = size_t (*)(size_t n);
size_t mac_loop_4(size_t n);
size_t mac_loop_8(size_t n);
size_t mac_loop_16(size_t n);

}  // namespace sotto::cli
