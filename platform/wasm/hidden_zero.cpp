#include <cstdint>

namespace sotto::simd {

extern const uint32_t kHiddenZero;
const uint32_t kHiddenZero = 0;

}  // namespace sotto::simd
