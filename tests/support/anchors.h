// Reference data that nobody here wrote, and the cache of real models. A test that needs what is absent skips and says so;
// with SOTTO_REQUIRE_DATA=1 in the environment (CI) it fails instead.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sotto::test {

/// Path of a file or folder of the anchors ("quant/dequant.json"; "text/wiki.test.raw" for a packed one); empty when absent.
std::string anchor(const std::string& name);

/// Path of a real model's file in the cache ($SOTTO_CACHE or ~/.cache/sotto, below models/); empty when absent.
std::string cached_model(const std::string& file_name);

bool data_required();

std::string read_text(const std::string& path);
std::vector<std::byte> read_bytes(const std::string& path);
nlohmann::json read_json(const std::string& path);
std::vector<std::byte> from_hex(std::string_view hex);

}  // namespace sotto::test

/// In a test body: `SOTTO_NEEDS(path, sotto::test::anchor("quant/dequant.json"));` declares `path` or skips.
#define SOTTO_NEEDS(variable, expression)                                     \
  const std::string variable = (expression);                                  \
  if (variable.empty()) {                                                     \
    if (sotto::test::data_required()) FAIL() << "missing data: " #expression; \
    GTEST_SKIP() << "missing data: " #expression;                             \
  }                                                                           \
  static_assert(true)
