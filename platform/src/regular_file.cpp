#include "regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "source_range.h"

namespace sotto {
namespace {

constexpr size_t kMaxRead = size_t{1} << 30;  // macOS refuses 2 GiB and more in one call

Error system_error(int code, const char* what, const std::string& path) {
  const bool missing = code == ENOENT || code == ENOTDIR;
  const ErrorCode kind = missing ? ErrorCode::not_found : ErrorCode::io_error;
  return {kind, std::string(what) + ": " + std::generic_category().message(code), path};
}

Status check_regular(const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return {};
  const char* kind = S_ISDIR(status.st_mode) ? "a folder" : S_ISFIFO(status.st_mode) ? "a pipe" : "a device or socket";
  return Error{ErrorCode::io_error, std::string("this is ") + kind + ", not a file", path};
}

class ReadingSource final : public ByteSource {
 public:
  explicit ReadingSource(RegularFile file) : file_(std::move(file)) {}

  uint64_t size() const noexcept override { return file_.size(); }
  const std::string& name() const noexcept override { return file_.path(); }
  Status read(uint64_t offset, std::span<std::byte> out) const override {
    SOTTO_TRY(check_range(*this, offset, out.size()));
    return file_.read(offset, out);
  }

 private:
  RegularFile file_;
};

}  // namespace

Result<RegularFile> RegularFile::open(const std::string& path) {
  if (path.find('\0') != std::string::npos) return Error{ErrorCode::not_found, "a path cannot contain a zero byte", path.c_str()};
  struct stat status;
  // Asked before opening as well: opening a device can have effects. O_NONBLOCK: a pipe put there in between must not block.
  if (::stat(path.c_str(), &status) != 0) return system_error(errno, "cannot open", path);
  SOTTO_TRY(check_regular(status, path));
  int descriptor;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return system_error(errno, "cannot open", path);
  RegularFile file(path, descriptor);
  if (::fstat(descriptor, &status) != 0) return system_error(errno, "cannot open", path);
  SOTTO_TRY(check_regular(status, path));
  file.size_ = static_cast<uint64_t>(status.st_size);
  return file;
}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status RegularFile::read(uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t n = ::pread(descriptor_, out.data(), std::min(out.size(), kMaxRead), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "cannot read", path_ + ":" + std::to_string(offset));
    if (n == 0)
      return Error{ErrorCode::io_error, "the file became shorter while it was read", path_ + ":" + std::to_string(offset)};
    out = out.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

std::shared_ptr<const ByteSource> reading_source(RegularFile file) {
  return std::make_shared<ReadingSource>(std::move(file));
}

}  // namespace sotto
