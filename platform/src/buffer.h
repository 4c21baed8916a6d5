// Buffer: owned, aligned memory whose allocation can fail with an Error instead of ending the process.
// Anything proportional to a model, a context or a file is held in one of these.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "sotto/result.h"

namespace sotto {

class Buffer {
 public:
  static constexpr size_t kAlignment = 64;  // bytes: a cache line, and the widest vector

  Buffer() = default;
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  /// `size` bytes, uninitialized. Errors: out_of_memory naming `purpose` and the size.
  static Result<Buffer> allocate(size_t size, std::string_view purpose);
  static Result<Buffer> allocate_zeroed(size_t size, std::string_view purpose);

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() noexcept { return {data_, size_}; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  template <class T>
  T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const noexcept {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  static Result<Buffer> adopt(void* block, size_t size, std::string_view purpose);

  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sotto
