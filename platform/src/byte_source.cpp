#include "sotto/byte_source.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "source_range.h"
#include "thread_wait.h"

namespace sotto {
namespace {

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::vector<std::byte> owned, std::string name) : owned_(std::move(owned)), bytes_(owned_), name_(std::move(name)) {}
  MemorySource(std::span<const std::byte> bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  uint64_t size() const noexcept override { return bytes_.size(); }
  const std::string& name() const noexcept override { return name_; }
  std::span<const std::byte> view() const noexcept override { return bytes_; }
  Status read(uint64_t offset, std::span<std::byte> out) const override {
    SOTTO_TRY(check_range(*this, offset, out.size()));
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  }

 private:
  std::vector<std::byte> owned_;
  std::span<const std::byte> bytes_;
  std::string name_;
};

}  // namespace

Status check_range(const ByteSource& source, uint64_t offset, uint64_t length) {
  const uint64_t size = source.size();
  if (offset <= size && length <= size - offset) return {};
  return Error{ErrorCode::bad_model,
               "needs " + std::to_string(length) + " bytes at offset " + std::to_string(offset) + ", but there are only " +
                   std::to_string(size) + " bytes",
               source.name() + ":" + std::to_string(offset)};
}

std::shared_ptr<const ByteSource> memory_source(std::vector<std::byte> bytes, std::string name) {
  return std::make_shared<MemorySource>(std::move(bytes), std::move(name));
}

std::shared_ptr<const ByteSource> borrowed_source(std::span<const std::byte> bytes, std::string name) {
  return std::make_shared<MemorySource>(bytes, std::move(name));
}

struct ChunkSource::State {
  struct Chunk {
    std::vector<std::byte> bytes;  // empty once released
    uint64_t length;
  };

  const uint64_t size;
  const std::string name;
  mutable std::mutex mutex;
  std::condition_variable changed;
  uint64_t arrived = 0;
  uint64_t wanted = 0;
  std::map<uint64_t, Chunk> chunks;       // by offset, without gaps
  std::map<uint64_t, uint64_t> released;  // begin -> end, merged
  std::optional<Error> failure;
  std::thread::id producer;

  State(uint64_t announced, std::string label) : size(announced), name(std::move(label)) {}

  void free_released(std::map<uint64_t, Chunk>::iterator chunk) {
    const auto range = released.upper_bound(chunk->first);
    if (range != released.begin() && std::prev(range)->second >= chunk->first + chunk->second.length)
      std::vector<std::byte>().swap(chunk->second.bytes);
  }

  /// Waits for [0, end) to have arrived.
  Status wait_for(uint64_t end, std::unique_lock<std::mutex>& lock) {
    while (arrived < end) {
      wanted = std::max(wanted, end);
      if (failure) return *failure;
      if (!kHasThreads || producer == std::this_thread::get_id())
        return Error{ErrorCode::io_error,
                     "only " + std::to_string(arrived) + " bytes have arrived, and no other thread brings more",
                     name + ":" + std::to_string(end)};
      changed.wait(lock);
    }
    return {};
  }
};

ChunkSource::ChunkSource(uint64_t size, std::string name) : state_(std::make_unique<State>(size, std::move(name))) {}
ChunkSource::~ChunkSource() = default;

uint64_t ChunkSource::size() const noexcept {
  return state_->size;
}
const std::string& ChunkSource::name() const noexcept {
  return state_->name;
}

Status ChunkSource::push(std::vector<std::byte> chunk) {
  const std::lock_guard lock(state_->mutex);
  state_->producer = std::this_thread::get_id();
  if (state_->failure) return *state_->failure;
  if (chunk.size() > state_->size - state_->arrived)
    return Error{ErrorCode::invalid_argument, "more bytes arrive than the announced " + std::to_string(state_->size), state_->name};
  if (chunk.empty()) return {};
  const uint64_t length = chunk.size();
  const auto added = state_->chunks.emplace(state_->arrived, State::Chunk{std::move(chunk), length}).first;
  state_->arrived += length;
  state_->free_released(added);
  state_->changed.notify_all();
  return {};
}

void ChunkSource::fail(Error error) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->failure) state_->failure = std::move(error);
  state_->changed.notify_all();
}

uint64_t ChunkSource::arrived() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->arrived;
}

uint64_t ChunkSource::wanted() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->wanted;
}

Status ChunkSource::read(uint64_t offset, std::span<std::byte> out) const {
  SOTTO_TRY(check_range(*this, offset, out.size()));
  std::unique_lock lock(state_->mutex);
  if (state_->failure) return *state_->failure;
  if (out.empty()) return {};
  SOTTO_TRY(state_->wait_for(offset + out.size(), lock));
  for (auto chunk = std::prev(state_->chunks.upper_bound(offset)); !out.empty(); ++chunk) {
    if (chunk->second.bytes.empty())
      return Error{ErrorCode::invalid_argument, "these bytes were released before they were read",
                   name() + ":" + std::to_string(offset)};
    const uint64_t skip = offset - chunk->first;
    const size_t n = static_cast<size_t>(std::min<uint64_t>(out.size(), chunk->second.length - skip));
    std::memcpy(out.data(), chunk->second.bytes.data() + skip, n);
    out = out.subspan(n);
    offset += n;
  }
  return {};
}

void ChunkSource::release(uint64_t offset, uint64_t length) const noexcept {
  if (offset >= state_->size || length == 0) return;
  uint64_t end = offset + std::min(length, state_->size - offset);
  const std::lock_guard lock(state_->mutex);
  auto& released = state_->released;
  auto range = released.upper_bound(offset);
  if (range != released.begin() && std::prev(range)->second >= offset) --range;
  while (range != released.end() && range->first <= end) {
    offset = std::min(offset, range->first);
    end = std::max(end, range->second);
    range = released.erase(range);
  }
  released.emplace(offset, end);
  auto& chunks = state_->chunks;
  for (auto chunk = chunks.lower_bound(offset); chunk != chunks.end() && chunk->first < end; ++chunk) state_->free_released(chunk);
}

}  // namespace sotto
