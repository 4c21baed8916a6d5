// prefer_large_pages: memory stays what it was, and Linux is told.
#include "large_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "buffer.h"

namespace sotto {
namespace {

// Of the mapping that holds the address; empty where the system does not tell.
std::string flags_of(const void* address) {
  std::ifstream mappings("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(mappings, line);) {
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    if (std::istringstream(line) >> std::hex >> begin >> dash >> end && dash == '-')
      inside = begin <= reinterpret_cast<uintptr_t>(address) && reinterpret_cast<uintptr_t>(address) < end;
    else if (inside && line.rfind("VmFlags:", 0) == 0)
      return line;
  }
  return "";
}

bool says_large(const void* address) {
  return flags_of(address).find(" hg") != std::string::npos;
}

TEST(LargePages, AnyRangeKeepsItsBytes) {
  std::vector<std::byte> bytes(300001, std::byte{7});
  for (const size_t offset : {0, 1, 4095, 4097})
    for (const size_t size : {0, 1, 4096, 8191, 200000}) prefer_large_pages(bytes.data() + offset, size);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), std::byte{7}), 300001);
}

TEST(LargePages, TheSystemIsAsked) {
  constexpr size_t kSize = size_t{16} << 20, kMiddle = kSize / 2;
  void* plain = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(plain, MAP_FAILED);
  ::madvise(plain, kSize, MADV_HUGEPAGE);
  const bool system_tells = says_large(static_cast<std::byte*>(plain) + kMiddle);
  ::munmap(plain, kSize);
  if (!system_tells) GTEST_SKIP() << "/proc/self/smaps does not tell what madvise() asked for";

  Buffer buffer = std::move(*Buffer::allocate(kSize, "test"));
  EXPECT_FALSE(says_large(buffer.data() + kMiddle));
  prefer_large_pages(buffer.data(), buffer.size());
  EXPECT_TRUE(says_large(buffer.data() + kMiddle));
}

}  // namespace
}  // namespace sotto
