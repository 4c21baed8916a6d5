// What the tests of file formats share: bytes made by hand, a folder in memory, and how an error is checked.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "formats/gguf_writer.h"
#include "formats/registry.h"
#include "support/results.h"

namespace sotto::formats {

inline std::vector<std::byte> as_bytes(const std::string& text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

inline std::shared_ptr<const ByteSource> source_of(const std::string& text, std::string name = "test") {
  return memory_source(as_bytes(text), std::move(name));
}

/// Bytes that are not addressable, as those of a file read by pread. They must outlive the source.
class UnmappedSource final : public ByteSource {
 public:
  explicit UnmappedSource(std::string_view bytes) : inner_(borrowed_source(std::as_bytes(std::span(bytes)), "unmapped")) {}
  uint64_t size() const noexcept override { return inner_->size(); }
  const std::string& name() const noexcept override { return inner_->name(); }
  Status read(uint64_t offset, std::span<std::byte> out) const override { return inner_->read(offset, out); }

 private:
  std::shared_ptr<const ByteSource> inner_;
};

/// A folder in memory.
inline SiblingOpener opener_of(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const std::string& name) -> Result<std::shared_ptr<const ByteSource>> {
    const auto found = files.find(name);
    if (found == files.end()) return Error{ErrorCode::not_found, "no such file", name};
    return source_of(found->second, name);
  };
}

/// Bytes of a GGUF file, right or wrong. Numbers are little-endian.
struct Bytes {
  std::string data;

  template <class T>
  Bytes& add(T value) {
    data.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& u8(uint8_t value) { return add(value); }
  Bytes& u32(uint32_t value) { return add(value); }
  Bytes& u64(uint64_t value) { return add(value); }
  Bytes& text(const std::string& value) {
    u64(value.size());
    data += value;
    return *this;
  }
  Bytes& raw(const std::string& value) {
    data += value;
    return *this;
  }
  Bytes& pad(size_t alignment = 32) {
    data.resize((data.size() + alignment - 1) / alignment * alignment, '\0');
    return *this;
  }
};

inline Bytes gguf(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3) {
  return Bytes{"GGUF"}.u32(version).u64(n_tensors).u64(n_keys);
}

/// Dimensions innermost first, as the file has them.
inline void add_tensor(Bytes& file, const std::string& name, const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset) {
  file.text(name).u32(static_cast<uint32_t>(dims.size()));
  for (const uint64_t dim : dims) file.u64(dim);
  file.u32(type).u64(offset);
}

inline ByteSink sink_into(std::string& out) {
  return [&out](std::span<const std::byte> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status();
  };
}

using test::text_of;

/// The items of an array of metadata; none when it is refused.
template <class T>
std::vector<T> copy_of(const Result<std::span<const T>>& items) {
  return items ? std::vector<T>(items->begin(), items->end()) : std::vector<T>();
}

}  // namespace sotto::formats
