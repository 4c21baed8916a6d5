#include "large_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace sotto {

#if defined(MADV_HUGEPAGE)
void prefer_large_pages(std::byte* data, size_t size) noexcept {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE)), address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (address + page - 1) / page * page, last = (address + size) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}
#else
void prefer_large_pages(std::byte*, size_t) noexcept {}
#endif

}  // namespace sotto
