// The real models of the cache (`./run model NAME`), for benchmarks that need one.
#pragma once

#include <cstdlib>
#include <string>

namespace sotto::bench {

struct CachedModel {
  const char* name;
  const char* file;

  std::string path() const {
    const char* cache = std::getenv("SOTTO_CACHE");
    const char* home = std::getenv("HOME");
    return (cache ? std::string(cache) : std::string(home ? home : "") + "/.cache/sotto") + "/models/" + file;
  }
};

inline constexpr CachedModel kCachedModels[] = {{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"},
                                                {"gemma3", "gemma-3-270m-q4_k_m.gguf"}};

}  // namespace sotto::bench
