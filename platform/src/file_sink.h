// FileSink: a file that appears under its name only when it is whole. Bytes go to a new file beside it, named after it with
// ".part"; commit() gives it its name and replaces what was there; without commit() nothing stays.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "sotto/result.h"

namespace sotto {

class FileSink {
 public:
  /// Errors: invalid_argument: an empty name, or one that a folder, device or pipe has; io_error.
  static Result<FileSink> create(const std::string& path);

  FileSink(FileSink&& other) noexcept
      : path_(std::move(other.path_)), part_(std::move(other.part_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileSink& operator=(FileSink&&) = delete;
  ~FileSink();

  Status write(std::span<const std::byte> bytes);
  Status commit();  // the last call

 private:
  FileSink(std::string path, std::string part, int descriptor)
      : path_(std::move(path)), part_(std::move(part)), descriptor_(descriptor) {}

  std::string path_;
  std::string part_;
  int descriptor_;  // -1: committed or moved from
};

}  // namespace sotto
