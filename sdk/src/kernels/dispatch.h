// Which kernel tables this build has, which of them this machine can run, and which is best.
#pragma once

#include <span>
#include <string_view>

#include "cpu_features.h"
#include "kernels/kernel_table.h"
#include "sotto/result.h"

namespace sotto::kernels {

/// Tables compiled into this build, slowest first.
std::span<const KernelTable* const> compiled_tables() noexcept;

bool runs_on(const KernelTable& table, const CpuFeatures& features) noexcept;

/// The last table of compiled_tables() that runs on this machine.
const KernelTable& best_table(const CpuFeatures& features) noexcept;

/// By name; "auto" is best_table. Errors: invalid_argument for an unknown name, unsupported for a target this machine lacks; both
/// list names.
Result<const KernelTable*> find_table(std::string_view name, const CpuFeatures& features);

}  // namespace sotto::kernels
