#include "file.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace sotto::cli {
namespace {

Error refused(const std::string& path, const char* what) {
  return {errno == ENOENT ? ErrorCode::not_found : ErrorCode::io_error,
          "'" + path + "' cannot be " + what + ": " + std::strerror(errno), path};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rb"), std::fclose);
  if (path != "-" && !opened) return refused(path, "opened");
  std::FILE* file = opened ? opened.get() : stdin;
  std::string text;
  std::array<char, 1 << 16> chunk{};
  while (const size_t n = std::fread(chunk.data(), 1, chunk.size(), file)) text.append(chunk.data(), n);
  if (std::ferror(file)) return refused(path, "read");
  return text;
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  if (path == "-") return OutputFile(path, File(stdout, std::fflush));
  File file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (!file) return refused(path, "written");
  return OutputFile(path, std::move(file));
}

Error OutputFile::failure() const {
  return {ErrorCode::io_error, "'" + path_ + "' cannot be written: " + std::strerror(errno), path_};
}

Status OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return failure();
  return {};
}

Status OutputFile::close() {
  const auto end = file_.get_deleter();
  if (end(file_.release()) != 0) return failure();
  return {};
}

Status write_file(const std::string& path, std::string_view bytes) {
  SOTTO_ASSIGN(OutputFile file, OutputFile::create(path));
  SOTTO_TRY(file.write(bytes));
  return file.close();
}

}  // namespace sotto::cli
