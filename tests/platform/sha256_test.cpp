#include "sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace sotto {
namespace {

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// Published by NIST: the examples of FIPS 180-4 and the vectors of the Secure Hash Algorithm Validation System.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(bytes("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                             "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256_hex(bytes("\xbd")), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
  EXPECT_EQ(sha256_hex(bytes(std::string(1000000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameHash) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 37);
  for (const size_t length : {0u, 1u, 55u, 56u, 57u, 63u, 64u, 65u, 119u, 120u, 128u, 1000u}) {
    const auto whole = bytes(text).first(length);
    for (const size_t step : {1u, 7u, 63u, 64u, 65u, 200u}) {
      Sha256 hash;
      for (size_t at = 0; at < length; at += step) hash.update(whole.subspan(at, std::min(step, length - at)));
      EXPECT_EQ(hash.hex(), sha256_hex(whole)) << length << " by " << step;
    }
  }
}

TEST(Sha256, DigestDoesNotEndTheHash) {
  Sha256 hash;
  hash.update(bytes("a"));
  EXPECT_EQ(hash.hex(), sha256_hex(bytes("a")));
  hash.update(bytes("bc"));
  EXPECT_EQ(hash.hex(), sha256_hex(bytes("abc")));
  EXPECT_EQ(hash.digest()[0], std::byte{0xba});
}

}  // namespace
}  // namespace sotto
