#include <algorithm>
#include <thread>

#include "cpu_features.h"

#if defined(__linux__)
#include <sched.h>

#include <cinttypes>
#include <cstdio>
#include <set>
#include <utility>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace sotto {
namespace {

size_t logical_cores() {
  return std::max<size_t>(std::thread::hardware_concurrency(), 1);
}

#if defined(__linux__)
bool read_number(const char* path, const char* format, int64_t* first, int64_t* second = nullptr) {
  std::FILE* file = std::fopen(path, "re");
  if (!file) return false;
  const int n = second ? std::fscanf(file, format, first, second) : std::fscanf(file, format, first);
  std::fclose(file);
  return n == (second ? 2 : 1);
}

// Cores that this process may run on, hyperthreads of one core counted once; 0 when the kernel does not say.
size_t allowed_cores() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 0;
  std::set<std::pair<int64_t, int64_t>> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    char path[96];
    int64_t package = 0, core = 0;
    std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
    if (!read_number(path, "%" SCNd64, &package)) return 0;
    std::snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
    if (!read_number(path, "%" SCNd64, &core)) return 0;
    cores.emplace(package, core);
  }
  return cores.size();
}

// A container's share of processor time: more threads than that are stopped for the rest of each period.
size_t quota_cores() {
  int64_t quota = 0, period = 0;
  if (!read_number("/sys/fs/cgroup/cpu.max", "%" SCNd64 " %" SCNd64, &quota, &period) || quota <= 0 || period <= 0) return 0;
  return static_cast<size_t>(std::max<int64_t>(quota / period, 1));
}
#endif

}  // namespace

size_t physical_cores() noexcept {
#if defined(__linux__)
  const size_t allowed = allowed_cores(), quota = quota_cores();
  const size_t cores = allowed != 0 ? allowed : logical_cores();
  return quota != 0 ? std::min(cores, quota) : cores;
#elif defined(__APPLE__)
  int value = 0;
  size_t size = sizeof(value);
  // Performance cores where there are two kinds.
  if (::sysctlbyname("hw.perflevel0.physicalcpu", &value, &size, nullptr, 0) == 0 && value > 0) return static_cast<size_t>(value);
  if (::sysctlbyname("hw.physicalcpu", &value, &size, nullptr, 0) == 0 && value > 0) return static_cast<size_t>(value);
  return logical_cores();
#else
  return logical_cores();
#endif
}

}  // namespace sotto
