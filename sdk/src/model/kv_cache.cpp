#include "model/kv_cache.h"

#include <cstring>

#include "model/allocate.h"

namespace sotto::model {
namespace {

// A chunk may overwrite what its own first token no longer sees, nothing younger.
size_t slots_of(const LayerSpec& layer, const KvShape& shape) noexcept {
  const size_t n_seen = layer.window == 0 ? shape.context : std::min(shape.context, layer.window + shape.chunk);
  return (n_seen + kernels::kKvTile - 1) / kernels::kKvTile * kernels::kKvTile;
}

uint64_t head_bytes(const ModelSpec& spec, const LayerSpec& layer, const KvShape& shape) noexcept {
  return uint64_t{slots_of(layer, shape)} * kernels::kv_row_bytes(shape.type, spec.head_dim);
}

// Keys, or values, of one layer.
uint64_t half_bytes(const ModelSpec& spec, const LayerSpec& layer, const KvShape& shape) noexcept {
  return round_up_bytes(spec.n_kv_heads * head_bytes(spec, layer, shape));
}

}  // namespace

uint64_t kv_cache_bytes(const ModelSpec& spec, const KvShape& shape) noexcept {
  uint64_t bytes = 0;
  for (const LayerSpec& layer : spec.layers) bytes += 2 * half_bytes(spec, layer, shape);
  return bytes;
}

Result<KvCache> KvCache::make(const ModelSpec& spec, const KvShape& shape) {
  KvCache cache;
  cache.shape_ = shape;
  for (const LayerSpec& layer : spec.layers) {
    const uint64_t half = half_bytes(spec, layer, shape);
    auto buffer = allocate(2 * half, "key/value cache");
    if (!buffer)
      return Error{ErrorCode::out_of_memory,
                   std::to_string(kv_cache_bytes(spec, shape)) + " bytes are needed for the key/value cache", "key/value cache"};
    cache.layers_.push_back({.keys = buffer->data(),
                             .values = buffer->data() + half,
                             .type = shape.type,
                             .n_slots = slots_of(layer, shape),
                             .head_bytes = static_cast<size_t>(head_bytes(spec, layer, shape))});
    cache.buffers_.push_back(std::move(*buffer));
  }
  return cache;
}

uint64_t KvCache::bytes() const noexcept {
  uint64_t bytes = 0;
  for (const Buffer& buffer : buffers_) bytes += buffer.size();
  return bytes;
}

bool KvCache::can_go_on_at(size_t position) const noexcept {
  // A ring keeps its window and a chunk: what the token at `position` sees is whole if no more than that has been written since.
  const auto holds_all_seen = [&](const ops::KvView& layer) {
    return layer.n_slots >= shape_.context || n_written_ <= layer.n_slots || n_written_ <= position + shape_.chunk + 1;
  };
  return position == 0 || std::all_of(layers_.begin(), layers_.end(), holds_all_seen);
}

void KvCache::copy_from(const KvCache& other) noexcept {
  for (size_t i = 0; i < buffers_.size(); ++i) std::memcpy(buffers_[i].data(), other.buffers_[i].data(), buffers_[i].size());
  n_written_ = other.n_written_;
}

}  // namespace sotto::model
