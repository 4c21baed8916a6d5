#include "cpu_features.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include <cstdint>

namespace sotto {
namespace {

bool bit(uint64_t word, unsigned index) {
  return (word >> index & 1) != 0;
}

#if defined(__x86_64__) || defined(__i386__)
struct Leaf {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Leaf cpuid(uint32_t leaf, uint32_t subleaf) {
  Leaf out;
  __get_cpuid_count(leaf, subleaf, &out.eax, &out.ebx, &out.ecx, &out.edx);  // leaves zeros when the leaf does not exist
  return out;
}

// What the operating system saves on a context switch. By its bytes: _xgetbv() wants a compiler flag.
uint64_t saved_registers() {
  uint32_t low, high;
  __asm__ __volatile__(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}
#endif

}  // namespace

#if defined(__x86_64__) || defined(__i386__)

CpuFeatures cpu_features() noexcept {
  constexpr uint64_t kYmm = 0x06, kZmm = 0xe6;
  CpuFeatures features;
  const Leaf base = cpuid(1, 0), extended = cpuid(7, 0);
  const bool has_leaf_7_1 = extended.eax >= 1;
  features.sse41 = bit(base.ecx, 19) && bit(base.ecx, 9);  // with SSSE3
  const bool os_saves = bit(base.ecx, 27);
  const uint64_t saved = os_saves ? saved_registers() : 0;
  const bool ymm = (saved & kYmm) == kYmm, zmm = (saved & kZmm) == kZmm;
  const bool avx2 = bit(base.ecx, 28) && bit(extended.ebx, 5), fma = bit(base.ecx, 12), f16c = bit(base.ecx, 29);
  features.avx2_fma_f16c = ymm && avx2 && fma && f16c;
  features.avx_vnni = features.avx2_fma_f16c && has_leaf_7_1 && bit(cpuid(7, 1).eax, 4);
  const bool f = bit(extended.ebx, 16), dq = bit(extended.ebx, 17), bw = bit(extended.ebx, 30), vl = bit(extended.ebx, 31);
  features.avx512_vnni = features.avx2_fma_f16c && zmm && f && dq && bw && vl && bit(extended.ecx, 11);
  return features;
}

#elif defined(__aarch64__)

CpuFeatures cpu_features() noexcept {
  CpuFeatures features;
  features.neon = true;
#if defined(__linux__)
  constexpr unsigned kDotProduct = 20, kInt8Matrix = 13;  // HWCAP_ASIMDDP, HWCAP2_I8MM
  features.neon_dotprod = bit(::getauxval(AT_HWCAP), kDotProduct);
  features.neon_i8mm = bit(::getauxval(AT_HWCAP2), kInt8Matrix);
#elif defined(__APPLE__)
  const auto has = [](const char* name) {
    int value = 0;
    size_t size = sizeof(value);
    return ::sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
  };
  features.neon_dotprod = has("hw.optional.arm.FEAT_DotProd");
  features.neon_i8mm = has("hw.optional.arm.FEAT_I8MM");
#endif
  return features;
}

#else

CpuFeatures cpu_features() noexcept {
  return {};
}

#endif

}  // namespace sotto
