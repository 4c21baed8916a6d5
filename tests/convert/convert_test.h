// What the tests of conversion share: a folder that goes away, and files that are read, written and compared.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "formats/registry.h"
#include "sotto/quantize.h"
#include "support/anchors.h"
#include "support/results.h"

namespace sotto::convert {

class ConvertTest : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    std::string name = "sotto_" + std::string(test.test_suite_name()) + "." + test.name() + "." + std::to_string(::getpid());
    std::replace(name.begin(), name.end(), '/', '.');
    folder_ = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }
  std::string write(const std::string& name, const std::string& text) const { return write(name, std::as_bytes(std::span(text))); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::filesystem::path folder_;
};

inline QuantizeOptions to_type(const std::string& type) {
  QuantizeOptions options;
  options.type = type;
  return options;
}

using test::text_of;

inline std::vector<std::byte> bytes_of(const formats::ModelFile& file, const formats::TensorEntry& tensor) {
  std::vector<std::byte> scratch;
  const auto bytes = formats::tensor_bytes(file, tensor, scratch);
  EXPECT_TRUE(bytes) << text_of(bytes);
  return bytes ? std::vector(bytes->begin(), bytes->end()) : std::vector<std::byte>();
}

inline std::vector<float> numbers_of(const formats::ModelFile& file, const formats::TensorEntry& tensor) {
  const auto bytes = bytes_of(file, tensor);
  const quant::TypeInfo& type = quant::info(tensor.type);
  std::vector<float> numbers(bytes.size() / type.block_bytes * type.block_size);
  type.decode(bytes.data(), numbers.size(), numbers.data());
  return numbers;
}

inline std::vector<std::byte> encoded(std::span<const float> numbers, quant::DType type) {
  const quant::TypeInfo& info = quant::info(type);
  std::vector<std::byte> bytes(numbers.size() / info.block_size * info.block_bytes);
  info.encode(numbers.data(), numbers.size(), bytes.data());
  return bytes;
}

}  // namespace sotto::convert
