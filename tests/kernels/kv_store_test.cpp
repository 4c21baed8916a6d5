// kv_store: keys and values of the cache in its three formats.
#include "kernels/kernel_test.h"
#include "quant/f16.h"

namespace sotto::kernels {
namespace {

class KvStoreTest : public PerTarget {
 protected:
  static constexpr size_t kSlot = 21;  // the sixth of the second group of 16

  /// A value as it lies in its slot. The key, the same numbers, is found in its group and compared; all around stays as it was.
  static std::vector<std::byte> stored(KvType type, const std::vector<float>& x) {
    const size_t row_bytes = kv_row_bytes(type, x.size());
    std::vector<std::byte> keys(kKvTile * row_bytes, std::byte{0xee}), values(keys), row(row_bytes);
    table().kv_store(type, x.data(), x.data(), x.size(), kSlot, keys.data(), values.data());
    std::copy_n(values.data() + kSlot * row_bytes, row_bytes, row.data());
    for (size_t i = 0; i < values.size(); ++i)
      if (i / row_bytes != kSlot) EXPECT_EQ(values[i], std::byte{0xee}) << i;

    // Every field of a row, a scale or a number, lies beside those of the 15 other slots of the group.
    std::vector<size_t> field_bytes;
    if (type == KvType::q8_0) {
      for (size_t block = 0; block < row_bytes / 34; ++block) {
        field_bytes.push_back(2);
        field_bytes.insert(field_bytes.end(), 32, 1);
      }
    } else {
      field_bytes.assign(x.size(), type == KvType::f32 ? 4 : 2);
    }
    std::vector<std::byte> want(keys.size(), std::byte{0xee});
    size_t at = 0;
    for (const size_t n : field_bytes) {
      std::copy_n(row.data() + at, n, want.data() + 16 * row_bytes + 16 * at + kSlot % 16 * n);
      at += n;
    }
    EXPECT_EQ(keys, want) << "kv type " << static_cast<int>(type) << " head_dim " << x.size();
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
