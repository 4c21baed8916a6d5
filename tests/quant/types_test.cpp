// The table of number types: names and ids are unique, computed rows come first, sizes of rows are checked.
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "quant/all.h"

namespace sotto::quant {
namespace {

TEST(Types, EveryRowIsWhereItsDTypeSays) {
  size_t index = 0;
  for (const TypeInfo& type : all_types()) {
    EXPECT_EQ(static_cast<size_t>(type.type), index) << type.name;
    EXPECT_EQ(&info(type.type), &type);
    EXPECT_GT(type.block_size, 0u) << type.name;
    EXPECT_GT(type.block_bytes, 0u) << type.name;
    ++index;
  }
}

TEST(Types, ComputedRowsComeFirst) {
  EXPECT_EQ(kComputedTypes, 14u);
  for (const TypeInfo& type : all_types()) {
    EXPECT_EQ(type.computed(), static_cast<size_t>(type.type) < kComputedTypes) << type.name;
    EXPECT_EQ(type.encode != nullptr, type.computed()) << type.name;
  }
}

TEST(Types, NamesAndIdsAreUniqueAndFindTheirRow) {
  std::set<std::string_view> names, safetensors;
  std::set<int32_t> ids;
  for (const TypeInfo& type : all_types()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_EQ(find_by_name(type.name), &type);
    if (type.gguf_id >= 0) {
      EXPECT_TRUE(ids.insert(type.gguf_id).second) << type.name;
      EXPECT_EQ(find_by_gguf_id(static_cast<uint32_t>(type.gguf_id)), &type);
    }
    if (!type.safetensors.empty()) {
      EXPECT_TRUE(safetensors.insert(type.safetensors).second) << type.name;
      EXPECT_EQ(find_by_safetensors(type.safetensors), &type);
    }
  }
}

TEST(Types, WhatIsUnknownIsNotFound) {
  EXPECT_EQ(find_by_name(""), nullptr);
  EXPECT_EQ(find_by_name("Q4_K"), nullptr);
  EXPECT_EQ(find_by_name("q4_k_m"), nullptr);
  EXPECT_EQ(find_by_safetensors(""), nullptr);
  EXPECT_EQ(find_by_safetensors("f32"), nullptr);
  EXPECT_EQ(find_by_gguf_id(4), nullptr);  // removed from GGUF long ago
  EXPECT_EQ(find_by_gguf_id(0xffffffffu), nullptr);
}

TEST(RowBytes, CountsWholeBlocks) {
  EXPECT_EQ(*row_bytes(DType::f32, 5), 20u);
  EXPECT_EQ(*row_bytes(DType::q8_0, 64), 68u);
  EXPECT_EQ(*row_bytes(DType::q6_k, 512), 420u);
  EXPECT_EQ(*row_bytes(DType::q4_k, 0), 0u);
}

TEST(RowBytes, RefusesPartsOfABlock) {
  const auto bytes = row_bytes(DType::q4_k, 384);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::unsupported);
  EXPECT_EQ(bytes.error().where, "q4_k");
  EXPECT_FALSE(row_bytes(DType::q8_0, 1));
}

TEST(RowBytes, RefusesSizesBeyond64Bits) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_FALSE(row_bytes(DType::f64, kMax / 8 + 1));
  EXPECT_EQ(*row_bytes(DType::f64, kMax / 8), kMax / 8 * 8);
  EXPECT_EQ(*row_bytes(DType::i8, kMax), kMax);
}

}  // namespace
}  // namespace sotto::quant
