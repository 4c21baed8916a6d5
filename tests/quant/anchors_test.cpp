// The codecs against reference data: decode bit for bit, encode byte for byte where bytes are given, error limits for all types.
#include <gtest/gtest.h>

#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <vector>

#include "quant/all.h"
#include "support/anchors.h"

namespace sotto::quant {
namespace {

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::vector<float> floats_from_hex(const std::string& hex) {
  const std::vector<std::byte> bytes = test::from_hex(hex);
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

template <class F>
void for_each_computed(F f) {
  for (const TypeInfo& type : all_types()) {
    if (!type.computed()) continue;
    SCOPED_TRACE(type.name);
    f(type);
  }
}

TEST(Anchors, TableHasTheIdsAndSizesOfGguf) {
  SOTTO_NEEDS(path, test::anchor("quant/dequant.json"));
  const auto cases = test::read_json(path).at("cases");
  ASSERT_EQ(cases.size(), 25u);
  for (const auto& [name, entry] : cases.items()) {
    const TypeInfo* type = find_by_gguf_id(entry.at("type_id").get<uint32_t>());
    ASSERT_NE(type, nullptr) << name;
    EXPECT_EQ(upper(type->name), name);
    EXPECT_EQ(type->block_size, entry.at("block_elements").get<uint32_t>()) << name;
    EXPECT_EQ(type->block_bytes, entry.at("block_bytes").get<uint32_t>()) << name;
  }
}

TEST(Anchors, DecodeBitForBit) {
  SOTTO_NEEDS(path, test::anchor("quant/dequant.json"));
  const auto cases = test::read_json(path).at("cases");
  size_t compared = 0;
  for_each_computed([&](const TypeInfo& type) {
    if (!cases.contains(upper(type.name))) return;
    const auto& entry = cases.at(upper(type.name));
    const std::vector<std::byte> raw = test::from_hex(entry.at("raw_hex").get<std::string>());
    const std::vector<float> expected = floats_from_hex(entry.at("f32le_hex").get<std::string>());
    ASSERT_EQ(*row_bytes(type.type, expected.size()), raw.size());
    std::vector<float> decoded(expected.size());
    type.decode(raw.data(), decoded.size(), decoded.data());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(decoded[i]), std::bit_cast<uint32_t>(expected[i])) << "weight " << i;
    }
    ++compared;
  });
  EXPECT_EQ(compared, 13u);  // all computed types but F32
}

TEST(Anchors, EncodeByteForByte) {
  SOTTO_NEEDS(path, test::anchor("quant/quantize.json"));
  const auto data = test::read_json(path);
  size_t compared = 0;
  for_each_computed([&](const TypeInfo& type) {
    if (!data.at("cases").contains(upper(type.name))) return;
    const auto& entry = data.at("cases").at(upper(type.name));
    for (const auto& expected : entry.at("expected")) {
      const auto name = expected.at("input").get<std::string>();
      for (const auto& input : data.at("inputs").at(std::to_string(entry.at("input_block").get<int>()))) {
        if (input.at("name") != name) continue;
        const std::vector<float> weights = floats_from_hex(input.at("f32le_hex").get<std::string>());
        std::vector<std::byte> blocks(*row_bytes(type.type, weights.size()));
        type.encode(weights.data(), weights.size(), blocks.data());
        EXPECT_EQ(blocks, test::from_hex(expected.at("raw_hex").get<std::string>())) << name;
        ++compared;
      }
    }
  });
  EXPECT_EQ(compared, 70u);  // seven types, ten inputs
}

// On the vector of the limits file, with its measure: divided by n, not by its square root.
TEST(Anchors, ErrorsStayUnderTheLimits) {
  SOTTO_NEEDS(path, test::anchor("quant/limits.json"));
  const auto limits = test::read_json(path);
  const auto& maximum = limits.at("max_quantization_error");
  const auto& reached = limits.at("measured_quantization_error").at("values");
  std::vector<float> weights(limits.at("data").at("n").get<size_t>());
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.1f + 2 * std::cos(static_cast<float>(i));
  for_each_computed([&](const TypeInfo& type) {
    std::vector<std::byte> blocks(*row_bytes(type.type, weights.size()));
    std::vector<float> decoded(weights.size());
    type.encode(weights.data(), weights.size(), blocks.data());
    type.decode(blocks.data(), weights.size(), decoded.data());
    double squares = 0;
    for (size_t i = 0; i < weights.size(); ++i) squares += std::pow(static_cast<double>(weights[i]) - decoded[i], 2);
    const double error = std::sqrt(squares) / static_cast<double>(weights.size());
    const std::string name = upper(type.name);
    EXPECT_LT(error, maximum.value(name, maximum.at("default").get<double>()));
    if (reached.contains(name)) EXPECT_LT(error, 1.05 * reached.at(name).get<double>());
    ::testing::Test::RecordProperty(std::string(type.name), std::to_string(error));
  });
}

}  // namespace
}  // namespace sotto::quant
