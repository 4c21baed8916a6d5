// Files that commands read and write besides models; "-" is stdin or stdout.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "sotto/result.h"

namespace sotto::cli {

/// All bytes. Errors: not_found, io_error.
Result<std::string> read_file(const std::string& path);

class OutputFile {
 public:
  /// Errors: io_error.
  static Result<OutputFile> create(const std::string& path);

  Status write(std::string_view bytes);
  /// Tells whether everything has arrived. Errors: io_error.
  Status close();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  OutputFile(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
  Error failure() const;

  std::string path_;
  File file_;
};

Status write_file(const std::string& path, std::string_view bytes);

}  // namespace sotto::cli
