#include "kernels/dispatch.h"

#include <algorithm>
#include <string>

#include "quant/q8_0.h"

namespace sotto::kernels {

// kernel_targets.inc, made by CMake, has a row for each of targets.cmake: name, flag of CpuFeatures.
#define SOTTO_TARGET_ROW(name, feature) extern const KernelTable kTable_##name;
#include <kernel_targets.inc>
#undef SOTTO_TARGET_ROW

namespace {

struct Features : CpuFeatures {
  bool always = true;
};

constexpr const KernelTable* kTables[] = {
#define SOTTO_TARGET_ROW(name, feature) &kTable_##name,
#include <kernel_targets.inc>
#undef SOTTO_TARGET_ROW
};
constexpr bool Features::* kNeeds[] = {
#define SOTTO_TARGET_ROW(name, feature) &Features::feature,
#include <kernel_targets.inc>
#undef SOTTO_TARGET_ROW
};

}  // namespace

std::span<const KernelTable* const> compiled_tables() noexcept {
  return kTables;
}

bool runs_on(const KernelTable& table, const CpuFeatures& features) noexcept {
  const Features all{features};
  for (size_t i = 0; i < std::size(kTables); ++i)
    if (kTables[i] == &table) return all.*kNeeds[i];
  return false;
}

const KernelTable& best_table(const CpuFeatures& features) noexcept {
  const KernelTable* best = kTables[0];
  for (const KernelTable* table : kTables)
    if (runs_on(*table, features)) best = table;
  return *best;
}

Result<const KernelTable*> find_table(std::string_view name, const CpuFeatures& features) {
  if (name == "auto") return &best_table(features);
  std::string compiled, running;
  for (const KernelTable* table : kTables) {
    const bool runs = runs_on(*table, features);
    if (table->name == name && runs) return table;
    compiled += (compiled.empty() ? "" : ", ") + std::string(table->name);
    if (runs) running += (running.empty() ? "" : ", ") + std::string(table->name);
  }
  const bool known = compiled_tables().end() != std::find_if(compiled_tables().begin(), compiled_tables().end(),
                                                             [&](const KernelTable* table) { return table->name == name; });
  const std::string quoted = "target '" + std::string(name) + "'";
  if (known) return Error{ErrorCode::unsupported, quoted + " does not run on this machine, which has " + running, "target"};
  return Error{ErrorCode::invalid_argument, quoted + " is unknown; this build has auto, " + compiled, "target"};
}

size_t kv_row_bytes(KvType type, size_t head_dim) noexcept {
  switch (type) {
    case KvType::f32:
      return head_dim * sizeof(float);
    case KvType::f16:
      return head_dim * sizeof(uint16_t);
    case KvType::q8_0:
      return (head_dim + quant::q8_0::kBlockSize - 1) / quant::q8_0::kBlockSize * sizeof(quant::q8_0::Block);
  }
  return 0;
}

}  // namespace sotto::kernels
