// One-to-one case mappings beyond ASCII, generated: see case_tables.py.
#pragma once

#include <cstdint>
#include <span>

namespace sotto::jinja {

/// The code points first, first + step, ..., last map to themselves plus delta. Runs are sorted and do not overlap.
struct CaseRun {
  uint32_t first, last, step;
  int32_t delta;
};
extern const std::span<const CaseRun> kToUpper;
extern const std::span<const CaseRun> kToLower;

}  // namespace sotto::jinja
