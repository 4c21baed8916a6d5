#include "buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace sotto {
namespace {

TEST(Buffer, IsAlignedAndWritable) {
  for (const size_t size : {1u, 63u, 64u, 65u, 4096u, 1000003u}) {
    auto buffer = Buffer::allocate(size, "test");
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size(), size);
    EXPECT_EQ(buffer->bytes().size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % Buffer::kAlignment, 0u);
    std::memset(buffer->data(), 0xab, size);
    EXPECT_EQ(buffer->bytes().back(), std::byte{0xab});
  }
}

TEST(Buffer, ZeroedIsZero) {
  for (int round = 0; round < 3; ++round) {  // a later round gets memory that the earlier one dirtied
    auto buffer = Buffer::allocate_zeroed(100000, "test");
    ASSERT_TRUE(buffer);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % Buffer::kAlignment, 0u);
    EXPECT_TRUE(std::all_of(buffer->bytes().begin(), buffer->bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
    std::memset(buffer->data(), 0xff, buffer->size());
  }
}

TEST(Buffer, MayBeEmpty) {
  for (const auto make : {Buffer::allocate, Buffer::allocate_zeroed}) {
    auto buffer = make(0, "test");
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size(), 0u);
    EXPECT_TRUE(buffer->bytes().empty());
  }
  EXPECT_EQ(Buffer().size(), 0u);
}

TEST(Buffer, AbsurdSizesAreErrors) {
  constexpr size_t kMax = std::numeric_limits<size_t>::max();
  for (const size_t size : {kMax, kMax - 1, kMax - 63, kMax - 72, kMax / 2, kMax / 16}) {
    for (const auto make : {Buffer::allocate, Buffer::allocate_zeroed}) {
      if (sizeof(size_t) == 4 && size <= kMax / 2) continue;  // such a block may be had
      const auto buffer = make(size, "key/value cache");
      ASSERT_FALSE(buffer) << size;
      EXPECT_EQ(buffer.error().code, ErrorCode::out_of_memory);
      EXPECT_NE(buffer.error().message.find(std::to_string(size)), std::string::npos);
      EXPECT_EQ(buffer.error().where, "key/value cache");
    }
  }
}

TEST(Buffer, Moves) {
  auto first = Buffer::allocate(100, "test");
  ASSERT_TRUE(first);
  std::byte* const data = first->data();
  Buffer second = std::move(*first);
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first->data(), nullptr);
  EXPECT_EQ(first->size(), 0u);

  auto third = Buffer::allocate(5, "test");
  ASSERT_TRUE(third);
  *third = std::move(second);  // leaks (seen by the address sanitizer) unless the 5 bytes are freed
  EXPECT_EQ(third->data(), data);
  EXPECT_EQ(third->size(), 100u);
  EXPECT_EQ(second.data(), nullptr);

  Buffer& self = *third;
  *third = std::move(self);
  EXPECT_EQ(third->data(), data);
  EXPECT_EQ(third->size(), 100u);
}

}  // namespace
}  // namespace sotto
