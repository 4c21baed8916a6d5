#include "support/anchors.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sotto::test {
namespace fs = std::filesystem;

std::string anchor(const std::string& name) {
  for (const char* root : {SOTTO_ANCHORS, SOTTO_ANCHORS_UNPACKED}) {
    const fs::path path = fs::path(root) / name;
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path.string();
  }
  return {};
}

std::string cached_model(const std::string& file_name) {
  const char* cache = std::getenv("SOTTO_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path root = cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache" / "sotto";
  const fs::path path = root / "models" / file_name;
  std::error_code ignored;
  return fs::exists(path, ignored) ? path.string() : std::string();
}

bool data_required() {
  const char* value = std::getenv("SOTTO_REQUIRE_DATA");
  return value && std::string_view(value) == "1";
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::byte> read_bytes(const std::string& path) {
  const std::string text = read_text(path);
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

nlohmann::json read_json(const std::string& path) {
  return nlohmann::json::parse(read_text(path));
}

std::vector<std::byte> from_hex(std::string_view hex) {
  std::vector<std::byte> bytes(hex.size() / 2);
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
  return bytes;
}

}  // namespace sotto::test
