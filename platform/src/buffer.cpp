#include "buffer.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace sotto {
namespace {

// malloc and calloc align to 16 at most and C++'s aligned forms cannot give lazily zeroed pages, so the block is made larger and
// its address is kept in front of the aligned part.
constexpr size_t kExtra = Buffer::kAlignment + sizeof(void*);

// Refused here because the sanitizers' allocators end the process when asked for 1 TiB or more.
constexpr uint64_t kLargest = sizeof(size_t) == 8 ? uint64_t{1} << 39 : std::numeric_limits<size_t>::max() - kExtra;

Error out_of_memory(size_t size, std::string_view purpose) {
  const std::string where(purpose);
  return {ErrorCode::out_of_memory, "cannot allocate " + std::to_string(size) + " bytes for " + where, where};
}

std::byte* aligned_part(void* block) {
  const auto address = reinterpret_cast<uintptr_t>(block) + sizeof(void*);
  auto* data = reinterpret_cast<std::byte*>((address + Buffer::kAlignment - 1) / Buffer::kAlignment * Buffer::kAlignment);
  std::memcpy(data - sizeof(void*), &block, sizeof(void*));
  return data;
}

void free_aligned(std::byte* data) {
  if (!data) return;
  void* block;
  std::memcpy(&block, data - sizeof(void*), sizeof(void*));
  std::free(block);
}

}  // namespace

Buffer::~Buffer() {
  free_aligned(data_);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  Buffer taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

Result<Buffer> Buffer::allocate(size_t size, std::string_view purpose) {
  void* block = size > kLargest ? nullptr : std::malloc(size + kExtra);
  return adopt(block, size, purpose);
}

Result<Buffer> Buffer::allocate_zeroed(size_t size, std::string_view purpose) {
  void* block = size > kLargest ? nullptr : std::calloc(size + kExtra, 1);
  return adopt(block, size, purpose);
}

Result<Buffer> Buffer::adopt(void* block, size_t size, std::string_view purpose) {
  if (!block) return out_of_memory(size, purpose);
  Buffer buffer;
  buffer.data_ = aligned_part(block);
  buffer.size_ = size;
  return buffer;
}

}  // namespace sotto
