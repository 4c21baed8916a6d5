// ByteReader: a cursor over hostile bytes that cannot pass their end. Numbers are little-endian. A length is compared with the
// bytes left before anything is allocated for it. Sources without a view are read through a small window.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sotto/byte_source.h"
#include "sotto/result.h"

namespace sotto::formats {

static_assert(std::endian::native == std::endian::little, "file bytes are copied into numbers as they lie");

/// The sum or product, or nothing when it needs more than 64 bits.
inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) noexcept {
  if (a > UINT64_MAX - b) return std::nullopt;
  return a + b;
}
inline std::optional<uint64_t> checked_mul(uint64_t a, uint64_t b) noexcept {
  if (b != 0 && a > UINT64_MAX / b) return std::nullopt;
  return a * b;
}

class ByteReader {
 public:
  /// `source` must outlive the reader.
  explicit ByteReader(const ByteSource& source) : source_(source), view_(source.view()), size_(source.size()) {}

  uint64_t offset() const noexcept { return offset_; }
  uint64_t left() const noexcept { return size_ - offset_; }
  Error error(std::string message) const {
    return {ErrorCode::bad_model, std::move(message), source_.name() + ":" + std::to_string(offset_)};
  }

  /// The next n bytes, valid until the next call. Errors: bad_model when fewer are left; what the source answers.
  Result<std::span<const std::byte>> bytes(uint64_t n, const char* what) {
    if (n > left())
      return error(std::string("the file ends inside ") + what + ": " + std::to_string(n) + " bytes are announced, " +
                   std::to_string(left()) + " are left");
    std::span<const std::byte> window = view_;
    uint64_t start = offset_;
    if (view_.empty() && n > 0) {
      if (offset_ < window_start_ || offset_ + n > window_start_ + window_.size()) {
        window_.resize(static_cast<size_t>(std::max(n, std::min(kWindowBytes, left()))));
        SOTTO_TRY(source_.read(offset_, window_));
        window_start_ = offset_;
      }
      window = window_;
      start = offset_ - window_start_;
    }
    offset_ += n;
    return n == 0 ? std::span<const std::byte>() : window.subspan(static_cast<size_t>(start), static_cast<size_t>(n));
  }

  template <class T>
  Result<T> number(const char* what) {
    SOTTO_ASSIGN(const auto raw, bytes(sizeof(T), what));
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  /// A 64-bit count of items that take at least `min_item_bytes` each: more than the bytes left can hold is an error.
  Result<size_t> count(uint64_t min_item_bytes, const char* what) {
    SOTTO_ASSIGN(const auto n, number<uint64_t>(what));
    SOTTO_TRY(check_count(n, min_item_bytes, what));
    return static_cast<size_t>(n);
  }
  Status check_count(uint64_t n, uint64_t min_item_bytes, const char* what) const {
    if (n <= left() / min_item_bytes) return {};
    return error(std::string(what) + " is " + std::to_string(n) + ", more than the " + std::to_string(left()) +
                 " bytes left can hold");
  }

 private:
  static constexpr uint64_t kWindowBytes = 256 * 1024;

  const ByteSource& source_;
  std::span<const std::byte> view_;
  uint64_t size_;
  uint64_t offset_ = 0;
  std::vector<std::byte> window_;
  uint64_t window_start_ = 0;
};

}  // namespace sotto::formats
