#include "formats/heap_meter.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> held{0}, highest{0};
constexpr size_t kHead = alignof(std::max_align_t);  // in front of each block: its size

}  // namespace

void* operator new(size_t size) {
  void* block = std::malloc(size + kHead);
  if (!block) throw std::bad_alloc();
  *static_cast<size_t*>(block) = size;
  const size_t now = held += size;
  size_t seen = highest.load();
  while (now > seen && !highest.compare_exchange_weak(seen, now)) {
  }
  return static_cast<char*>(block) + kHead;
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* pointer) noexcept {
  if (!pointer) return;
  void* block = static_cast<char*>(pointer) - kHead;
  held -= *static_cast<size_t*>(block);
  std::free(block);
}
void operator delete(void* pointer, size_t) noexcept {
  operator delete(pointer);
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete[](void* pointer) noexcept {
  operator delete(pointer);
}
void operator delete[](void* pointer, size_t) noexcept {
  operator delete(pointer);
}

namespace sotto::test {

HeapMeter::HeapMeter() : start_(held) {
  highest = start_;
}
size_t HeapMeter::peak() const {
  return highest - start_;
}

}  // namespace sotto::test
