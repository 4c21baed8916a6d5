// ByteSource: bytes by offset, whatever they lie in: a mapped or plainly read file, memory, or chunks that are still
// arriving. Reads are checked against size(); sources are shared by threads and const after they are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sotto/result.h"

namespace sotto {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual uint64_t size() const noexcept = 0;            // bytes
  virtual const std::string& name() const noexcept = 0;  // path or label, for error messages

  /// Copies [offset, offset + out.size()) into `out`. Past the end is `bad_model` naming the source and offset.
  virtual Status read(uint64_t offset, std::span<std::byte> out) const = 0;

  /// All bytes when they are addressable (mapped file, memory); empty otherwise.
  virtual std::span<const std::byte> view() const noexcept { return {}; }

  /// The caller will not read [offset, offset + length) again: mapped pages or held chunks may be dropped. A hint.
  virtual void release(uint64_t offset, uint64_t length) const noexcept {
    (void)offset;
    (void)length;
  }
};

enum class FileAccess : uint8_t {
  mapped,  // fastest; a file that another process truncates while mapped makes the process fault
  read,    // pread; immune to that
};

/// Opens a regular file. Errors: not_found, io_error (directory, FIFO, device, permission).
Result<std::shared_ptr<const ByteSource>> open_file(const std::string& path, FileAccess access = FileAccess::mapped);

/// Takes ownership of `bytes`.
std::shared_ptr<const ByteSource> memory_source(std::vector<std::byte> bytes, std::string name = "memory");

/// Refers to `bytes`, which must outlive the source.
std::shared_ptr<const ByteSource> borrowed_source(std::span<const std::byte> bytes, std::string name = "memory");

/// Bytes pushed in order by one producer (a download) and read by another thread while they arrive.
/// read() waits until the range has arrived; without threads, or after fail(), it returns an error instead.
class ChunkSource final : public ByteSource {
 public:
  /// `size`: the announced length in bytes. Chunks released by the reader are freed.
  ChunkSource(uint64_t size, std::string name);
  ~ChunkSource() override;

  Status push(std::vector<std::byte> chunk);  // invalid_argument when more than size() bytes arrive
  void fail(Error error);                     // the producer gives up: waiting and later reads get this error
  uint64_t arrived() const noexcept;          // bytes so far, released ones included
  uint64_t wanted() const noexcept;           // where the furthest range ends that was read before it had arrived; 0: none

  uint64_t size() const noexcept override;
  const std::string& name() const noexcept override;
  Status read(uint64_t offset, std::span<std::byte> out) const override;
  void release(uint64_t offset, uint64_t length) const noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sotto
