// A seed that nobody can foresee, from the operating system (in wasm: the page's or Node's generator).
#pragma once

#include <cstdint>

namespace sotto {

uint64_t random_seed() noexcept;

}  // namespace sotto
