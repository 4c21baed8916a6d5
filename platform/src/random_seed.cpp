#include "random_seed.h"

#include <unistd.h>

#include <chrono>

namespace sotto {

uint64_t random_seed() noexcept {
  uint64_t seed = 0;
  // Only fails where the system has no such source; requests then still differ.
  if (getentropy(&seed, sizeof(seed)) != 0)
    seed = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return seed;
}

}  // namespace sotto
