#include "cpu_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "buffer.h"
#include "memory_usage.h"

namespace sotto {
namespace {

// The words of one line of /proc/cpuinfo; empty elsewhere.
std::set<std::string> cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0 || line.find(':') == std::string::npos) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

TEST(CpuFeatures, AgreeWithTheKernel) {
  const CpuFeatures features = cpu_features();
  const auto x86 = cpuinfo("flags"), arm = cpuinfo("Features");
  if (x86.contains("sse2") && !features.neon && !features.wasm_simd128) {
    const auto all = [&](std::initializer_list<const char*> names) {
      return std::all_of(names.begin(), names.end(), [&](const char* name) { return x86.contains(name); });
    };
    EXPECT_EQ(features.sse41, all({"sse4_1", "ssse3"}));
    EXPECT_EQ(features.avx2_fma_f16c, all({"avx2", "fma", "f16c"}));
    EXPECT_EQ(features.avx_vnni, all({"avx2", "fma", "f16c", "avx_vnni"}));
    EXPECT_EQ(features.avx512_vnni, all({"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}));
  } else if (arm.contains("asimd")) {
    EXPECT_TRUE(features.neon);
    EXPECT_EQ(features.neon_dotprod, arm.contains("asimddp"));
    EXPECT_EQ(features.neon_i8mm, arm.contains("i8mm"));
  } else {
    GTEST_SKIP() << "no /proc/cpuinfo of this kind of machine";
  }
}

TEST(CpuFeatures, NameOneKindOfMachine) {
  const CpuFeatures features = cpu_features();
  const bool x86 = features.sse41 || features.avx2_fma_f16c || features.avx_vnni || features.avx512_vnni;
  const bool arm = features.neon || features.neon_dotprod || features.neon_i8mm;
  const bool wasm = features.wasm_simd128 || features.wasm_relaxed_simd;
  EXPECT_LE(x86 + arm + wasm, 1);
}

TEST(PhysicalCores, IsPlausible) {
  EXPECT_GE(physical_cores(), 1u);
  EXPECT_LE(physical_cores(), 4096u);
}

TEST(PeakResidentBytes, GrowsWithTouchedMemory) {
  const uint64_t before = peak_resident_bytes();
  EXPECT_GT(before, 100u * 1024);
  constexpr size_t kSize = 64u << 20;
  auto buffer = Buffer::allocate(kSize, "test");
  ASSERT_TRUE(buffer);
  std::memset(buffer->data(), 1, kSize);
  const uint64_t after = peak_resident_bytes();
  EXPECT_GE(after, kSize);
  EXPECT_GE(after, before);
}

}  // namespace
}  // namespace sotto
