// KvCache: keys and values of one timeline of tokens. Layers with a window keep only as many slots as the window and one chunk of
// new tokens need (a ring); the others keep the whole context. A buffer for each layer: they find room between what a load left
// behind in a page's memory, where one large buffer would not.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.h"
#include "model/spec.h"
#include "ops/attention.h"

namespace sotto::model {

struct KvShape {
  size_t context = 0;  // tokens
  size_t chunk = 0;    // most tokens that one forward() call adds
  kernels::KvType type = kernels::KvType::f16;
};

/// Exactly what KvCache::make allocates.
uint64_t kv_cache_bytes(const ModelSpec& spec, const KvShape& shape) noexcept;

class KvCache {
 public:
  /// Errors: out_of_memory.
  static Result<KvCache> make(const ModelSpec& spec, const KvShape& shape);

  const ops::KvView& layer(size_t i) const noexcept { return layers_[i]; }
  const KvShape& shape() const noexcept { return shape_; }
  uint64_t bytes() const noexcept;

  /// forward() is about to write positions [first, first + n).
  void note_written(size_t first, size_t n) noexcept { n_written_ = first == 0 ? n : std::max(n_written_, first + n); }
  /// Whether tokens can be added at `position`: layers with a window may have overwritten what it sees. Always at 0 and at the end.
  bool can_go_on_at(size_t position) const noexcept;
  /// The same tokens as `other`, which is of the same spec and shape.
  void copy_from(const KvCache& other) noexcept;

 private:
  std::vector<Buffer> buffers_;  // of layers
  KvShape shape_;
  std::vector<ops::KvView> layers_;
  size_t n_written_ = 0;  // positions, those of calls that failed included
};

}  // namespace sotto::model
