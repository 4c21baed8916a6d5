// RegularFile: an open file descriptor, read at offsets. The part of open_file that all machines share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "sotto/byte_source.h"

namespace sotto {

class RegularFile {
 public:
  /// Errors: not_found, io_error (not a regular file, permission).
  static Result<RegularFile> open(const std::string& path);

  RegularFile(RegularFile&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  RegularFile& operator=(RegularFile&&) = delete;
  ~RegularFile();

  const std::string& path() const noexcept { return path_; }
  uint64_t size() const noexcept { return size_; }
  int descriptor() const noexcept { return descriptor_; }
  /// `out` lies in [0, size()).
  Status read(uint64_t offset, std::span<std::byte> out) const;

 private:
  RegularFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
  uint64_t size_ = 0;
};

/// A source that reads `file` by pread.
std::shared_ptr<const ByteSource> reading_source(RegularFile file);

}  // namespace sotto
