#include "convert/gguf_keys.h"

#include <iterator>

#include "formats/byte_reader.h"

namespace sotto::convert {
namespace {

using formats::ByteReader;

constexpr uint32_t kString = 8, kArray = 9;
constexpr uint8_t kValueBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // by value type; of strings and arrays the file tells

Result<std::string> read_string(ByteReader& reader) {
  SOTTO_ASSIGN(const size_t length, reader.count(1, "a string"));
  SOTTO_ASSIGN(const auto bytes, reader.bytes(length, "a string"));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Status skip_values(ByteReader& reader, uint32_t type, uint64_t n) {
  constexpr uint64_t kPiece = 65536;  // values; keeps the reader's window small
  if (type >= std::size(kValueBytes) || type == kArray) return reader.error("a value has the type " + std::to_string(type));
  if (type != kString) {
    for (; n > 0; n -= std::min(n, kPiece)) SOTTO_TRY(reader.bytes(std::min(n, kPiece) * kValueBytes[type], "a value"));
    return {};
  }
  for (; n > 0; --n) {
    SOTTO_ASSIGN(const size_t length, reader.count(1, "a string"));
    SOTTO_TRY(reader.bytes(length, "a string"));
  }
  return {};
}

Status skip_value(ByteReader& reader) {
  SOTTO_ASSIGN(uint32_t type, reader.number<uint32_t>("a type"));
  if (type != kArray) return skip_values(reader, type, 1);
  SOTTO_ASSIGN(type, reader.number<uint32_t>("a type"));
  SOTTO_ASSIGN(const size_t n, reader.count(1, "a length"));
  return skip_values(reader, type, n);
}

}  // namespace

Result<Keys> gguf_keys(const formats::ModelFile& file) {
  ByteReader reader(*file.sources.front());  // of a split file the first part has the metadata
  SOTTO_TRY(reader.bytes(4 + sizeof(uint32_t) + sizeof(uint64_t), "the magic, the version and the number of tensors"));
  SOTTO_ASSIGN(const size_t n_keys, reader.count(1, "the number of keys"));
  Keys keys;
  for (size_t i = 0; i < n_keys; ++i) {
    SOTTO_ASSIGN(std::string key, read_string(reader));
    SOTTO_TRY(skip_value(reader));
    const formats::MetaValue* value = file.metadata.find(key);
    if (value && key != "general.alignment" && !key.starts_with("split.")) keys.emplace_back(std::move(key), *value);
  }
  return keys;
}

}  // namespace sotto::convert
