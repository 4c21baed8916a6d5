#include "formats/registry.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "formats/gguf.h"
#include "formats/hf_folder.h"
#include "formats/safetensors.h"

namespace sotto::formats {
namespace {
namespace fs = std::filesystem;

struct Format {
  std::string_view name;
  std::string_view start;  // for messages
  bool (*probe)(std::span<const std::byte> first_bytes, uint64_t size) noexcept;
  Result<ModelFile> (*read)(std::shared_ptr<const ByteSource> source, const SiblingOpener& siblings, const ReadOptions& options);
};

constexpr std::array kFormats{
    Format{"gguf", "\"GGUF\"", is_gguf, read_gguf},
    Format{"safetensors", "the length of a JSON header", is_safetensors, read_hf_weights},
};
constexpr size_t kProbeBytes = 64;

Error unknown_format(const ByteSource& source, std::span<const std::byte> first_bytes) {
  std::string got;
  for (const std::byte byte : first_bytes.first(std::min<size_t>(first_bytes.size(), 8))) {
    char hex[4];
    std::snprintf(hex, sizeof hex, " %02x", std::to_integer<unsigned>(byte));
    got += hex;
  }
  std::string wanted;
  for (const Format& format : kFormats)
    wanted += (wanted.empty() ? "" : ", or ") + std::string(format.start) + " (" + std::string(format.name) + ")";
  return {ErrorCode::bad_model,
          (got.empty() ? "the file is empty" : "this is no model file: it starts with" + got) + ", wanted: " + wanted,
          source.name() + ":0"};
}

}  // namespace

Result<ModelFile> read_model(const std::string& path, const ReadOptions& options) {
  std::error_code ignored;  // what cannot be asked is no folder; open_file then says why
  if (fs::is_directory(path, ignored)) return read_hf_folder(path, folder_opener(path, options.access), options);
  SOTTO_ASSIGN(auto source, open_file(path, options.access));
  return read_model(std::move(source), folder_opener(fs::path(path).parent_path().string(), options.access), options);
}

Result<ModelFile> read_model(std::shared_ptr<const ByteSource> source, const SiblingOpener& siblings, const ReadOptions& options) {
  std::array<std::byte, kProbeBytes> buffer;
  const auto first_bytes = std::span(buffer).first(static_cast<size_t>(std::min<uint64_t>(kProbeBytes, source->size())));
  SOTTO_TRY(source->read(0, first_bytes));
  for (const Format& format : kFormats)
    if (format.probe(first_bytes, source->size())) return format.read(std::move(source), siblings, options);
  return unknown_format(*source, first_bytes);
}

}  // namespace sotto::formats
