// Resident memory of this process, as the operating system counts it.
#pragma once

#include <cstdint>

namespace sotto {

/// Highest resident size so far, in bytes; in wasm the size of linear memory; 0 where it cannot be told.
uint64_t peak_resident_bytes() noexcept;

}  // namespace sotto
