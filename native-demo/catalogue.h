// The catalogue: names people may write instead of a path, and what each must be. The same rows, with the packages that hold the
// files, are in platform/toolchain/fetch_model.py; a test compares them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sotto::cli {

struct CatalogueEntry {
  std::string_view name;
  std::string_view file;  // in the cache's folder `models`
  uint64_t bytes;
  std::string_view sha256;  // 64 lower-case hex digits
  std::string_view licence;
  std::string_view notice;  // to show before a download; may be empty
  std::string_view source;  // "hf:owner/repo/file@revision"
};

std::span<const CatalogueEntry> catalogue() noexcept;

/// nullptr when no entry has this name.
const CatalogueEntry* find_in_catalogue(std::string_view name) noexcept;

/// $SOTTO_CACHE, or .cache/sotto below the home folder.
std::string default_cache_folder();

}  // namespace sotto::cli
