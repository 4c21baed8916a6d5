#include "memory_usage.h"

#include <sys/resource.h>

namespace sotto {

uint64_t peak_resident_bytes() noexcept {
  struct rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#if defined(__APPLE__)
  return static_cast<uint64_t>(usage.ru_maxrss);
#else
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
#endif
}

}  // namespace sotto
