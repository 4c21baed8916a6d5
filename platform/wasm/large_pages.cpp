#include "large_pages.h"

namespace sotto {

void prefer_large_pages(std::byte*, size_t) noexcept {}

}  // namespace sotto
