// Sha256: the hash of FIPS 180-4, fed in pieces. Verifies downloads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sotto {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes) noexcept;
  /// The hash of all bytes so far; more may follow.
  std::array<std::byte, 32> digest() const noexcept;
  std::string hex() const;  // 64 lower-case digits

 private:
  static constexpr size_t kBlock = 64;
  void compress(const std::byte* block) noexcept;

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint64_t length_ = 0;  // bytes
  std::array<std::byte, kBlock> pending_{};
};

/// Lower-case hex of the hash of `bytes`.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace sotto
