#include "file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace sotto {
namespace {

constexpr size_t kMaxWrite = size_t{1} << 30;  // macOS refuses 2 GiB and more in one call
constexpr int kMaxParts = 100;                 // left behind by processes that were killed

Error write_error(int code, const char* what, const std::string& path) {
  return {ErrorCode::io_error, std::string(what) + ": " + std::generic_category().message(code), path};
}

}  // namespace

Result<FileSink> FileSink::create(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return Error{ErrorCode::invalid_argument, "a file to write needs a name without zero bytes", "output"};
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return Error{ErrorCode::invalid_argument, S_ISDIR(status.st_mode) ? "this is a folder, not a file" : "this is no regular file",
                 path};
  for (int n = 1;; ++n) {
    const std::string part = path + ".part" + (n > 1 ? std::to_string(n) : "");
    const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) return FileSink(path, part, descriptor);
    if (errno != EEXIST || n == kMaxParts) return write_error(errno, "cannot create the file", part);
  }
}

FileSink::~FileSink() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(part_.c_str());
}

Status FileSink::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kMaxWrite));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return write_error(errno, "cannot write", part_);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Status FileSink::commit() {
  // Some file systems tell only here that the disk is full.
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  if (closed && ::rename(part_.c_str(), path_.c_str()) == 0) return {};
  const Error error = write_error(errno, closed ? "cannot rename the finished file" : "cannot write", closed ? path_ : part_);
  ::unlink(part_.c_str());
  return error;
}

}  // namespace sotto
