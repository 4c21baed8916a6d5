// kv_store: keys and values of the cache in its three formats.
#include "kernels/kernel_test.h"
#include "quant/f16.h"

namespace sotto::kernels {
namespace {

class KvStoreTest : public PerTarget {
 protected:
  static constexpr size_t kSlot = 53;  // the sixth of the last group of 16

  /// A value as a row. It and the key, the same numbers, are found in their groups; all around stays as it was.
  static std::vector<std::byte> stored(KvType type, const std::vector<float>& x) {
    const size_t row_bytes = kv_row_bytes(type, x.size());
    std::vector<std::byte> keys(kKvTile * row_bytes, std::byte{0xee}), values(keys), row(row_bytes);
    table().kv_store(type, x.data(), x.data(), x.size(), kSlot, keys.data(), values.data());

    std::vector<size_t> key_at(row_bytes), value_at(row_bytes);  // of each byte of a row
    for (size_t i = 0; i < row_bytes; ++i) {
      if (type == KvType::q8_0) {
        const size_t tile_block = 64 * 34 * (i / 34), code = i % 34 - 2;
        const bool is_scale = i % 34 < 2;
        key_at[i] = tile_block + (is_scale ? kSlot * 2 + i % 34 : 128 + (code % 16 * 64 + kSlot) * 2 + code / 16);
        value_at[i] = tile_block + (is_scale ? kSlot * 2 + i % 34 : 128 + ((16 + kSlot % 16) * 32 + code) * 2 + kSlot % 32 / 16);
      } else {
        const size_t n = type == KvType::f32 ? 4 : 2;
        key_at[i] = kSlot / 16 * 16 * row_bytes + i / n * n * 16 + kSlot % 16 * n + i % n;
        value_at[i] = kSlot * row_bytes + i;
      }
      row[i] = values[value_at[i]];
    }
    for (const auto& [bytes, at] : {std::pair{&keys, &key_at}, {&values, &value_at}}) {
      std::vector<std::byte> want(bytes->size(), std::byte{0xee});
      for (size_t i = 0; i < row_bytes; ++i) want[(*at)[i]] = row[i];
      EXPECT_EQ(*bytes, want) << "kv type " << static_cast<int>(type) << " head_dim " << x.size();
    }
    return row;
  }
  static std::vector<float> loaded(quant::DType type, const std::vector<std::byte>& row) {
    const quant::TypeInfo& info = quant::info(type);
    std::vector<float> x(row.size() / info.block_bytes * info.block_size);
    info.decode(row.data(), x.size(), x.data());
    return x;
  }
};

constexpr size_t kHeadDims[] = {1, 8, 16, 24, 31, 32, 33, 64, 80, 96, 128, 256};

TEST_P(KvStoreTest, RowsAreAsLongAsTheirBlocks) {
  EXPECT_EQ(kv_row_bytes(KvType::f32, 24), 96u);
  EXPECT_EQ(kv_row_bytes(KvType::f16, 24), 48u);
  EXPECT_EQ(kv_row_bytes(KvType::q8_0, 24), 34u);
  EXPECT_EQ(kv_row_bytes(KvType::q8_0, 33), 68u);
  EXPECT_EQ(kv_row_bytes(KvType::q8_0, 64), 68u);
}

TEST_P(KvStoreTest, FloatsAsTheyAre) {
  for (const size_t n : kHeadDims) {
    const std::vector<float> x = random_floats(n, 1, 1e30f);
    EXPECT_TRUE(same_bits(loaded(quant::DType::f32, stored(KvType::f32, x)), x)) << n;
  }
}

TEST_P(KvStoreTest, HalvesAreTheNearest) {
  for (const size_t n : kHeadDims) {
    const std::vector<float> x = random_floats(n, 2);
    std::vector<float> want;
    for (const float value : x) want.push_back(quant::half_to_float(quant::float_to_half(value)));
    EXPECT_TRUE(same_bits(loaded(quant::DType::f16, stored(KvType::f16, x)), want)) << n;
  }
}

TEST_P(KvStoreTest, HalvesSaturateAndKeepNaN) {
  const std::vector<float> x = {65504.0f, 65519.0f, 65520.0f, 1e9f, HUGE_VALF, -65520.0f, -1e9f, -HUGE_VALF, NAN, -0.0f, 1e-9f};
  const std::vector<float> want = {65504, 65504, 65504, 65504, 65504, -65504, -65504, -65504, NAN, -0.0f, 0.0f};
  EXPECT_TRUE(same_bits(loaded(quant::DType::f16, stored(KvType::f16, x)), want));
}

TEST_P(KvStoreTest, BytesAreTheCodecsBlocksPaddedWithZeros) {
  const quant::TypeInfo& q8_0 = quant::info(quant::DType::q8_0);
  for (const size_t n : kHeadDims) {
    std::vector<float> x = random_floats(n, 3);
    const std::vector<std::byte> row = stored(KvType::q8_0, x);
    x.resize((n + 31) / 32 * 32);
    std::vector<std::byte> want(row.size());
    q8_0.encode(x.data(), x.size(), want.data());
    EXPECT_EQ(row, want) << n;
  }
}

TEST_P(KvStoreTest, BytesOfLargeNumbersStayFinite) {
  std::vector<float> x = random_floats(64, 4);
  x[3] = 1e9f;
  x[40] = -3e38f;
  const std::vector<float> got = loaded(quant::DType::q8_0, stored(KvType::q8_0, x));
  for (const float value : got) EXPECT_TRUE(std::isfinite(value));
  EXPECT_EQ(got[3], 127.0f * 65504.0f);
  EXPECT_EQ(got[40], -127.0f * 65504.0f);
}

SOTTO_PER_TARGET(KvStoreTest);

}  // namespace
}  // namespace sotto::kernels
