// Heap use of this test binary: operator new and delete are replaced and count what is held.
#pragma once

#include <cstddef>

namespace sotto::test {

/// Largest number of bytes held at once above what was held when the meter was made.
class HeapMeter {
 public:
  HeapMeter();
  size_t peak() const;

 private:
  size_t start_;
};

}  // namespace sotto::test
