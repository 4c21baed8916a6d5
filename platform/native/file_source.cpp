#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <limits>

#include "regular_file.h"
#include "source_range.h"

namespace sotto {
namespace {

class MappedSource final : public ByteSource {
 public:
  MappedSource(void* address, size_t size, std::string name)
      : bytes_(static_cast<std::byte*>(address)), size_(size), name_(std::move(name)) {}
  ~MappedSource() override { ::munmap(bytes_, size_); }

  uint64_t size() const noexcept override { return size_; }
  const std::string& name() const noexcept override { return name_; }
  std::span<const std::byte> view() const noexcept override { return {bytes_, size_}; }

  Status read(uint64_t offset, std::span<std::byte> out) const override {
    SOTTO_TRY(check_range(*this, offset, out.size()));
    if (!out.empty()) std::memcpy(out.data(), bytes_ + offset, out.size());
    return {};
  }

  void release(uint64_t offset, uint64_t length) const noexcept override {
    if (offset >= size_) return;
    const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    const uint64_t end = length < size_ - offset ? offset + length : size_;
    const uint64_t first = (offset + page - 1) / page * page;
    const uint64_t last = end == size_ ? end : end / page * page;  // the end of the file owns its page
    if (first < last) ::madvise(bytes_ + first, static_cast<size_t>(last - first), MADV_DONTNEED);
  }

 private:
  std::byte* bytes_;
  size_t size_;
  std::string name_;
};

}  // namespace

Result<std::shared_ptr<const ByteSource>> open_file(const std::string& path, FileAccess access) {
  SOTTO_ASSIGN(RegularFile file, RegularFile::open(path));
  const uint64_t size = file.size();
  if (access == FileAccess::mapped && size != 0 && size <= std::numeric_limits<size_t>::max()) {
    void* address = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (address != MAP_FAILED) return std::make_shared<MappedSource>(address, static_cast<size_t>(size), path);
  }
  return reading_source(std::move(file));  // also where the file system cannot map
}

}  // namespace sotto
