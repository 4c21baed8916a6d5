// What the tests of the public interface share: models made in memory, and results that have to be there.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "sotto/perplexity.h"
#include "support/anchors.h"
#include "support/tiny_model.h"

namespace sotto::test {

using Ids = std::vector<TokenId>;

template <class T>
T ok(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(to_string(result.error().code)) + ": " + result.error().message);
  return std::move(*result);
}
inline void ok(const Status& status) {
  if (!status) throw std::runtime_error(std::string(to_string(status.error().code)) + ": " + status.error().message);
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result) << "an error was expected";
  return result ? ErrorCode::internal : result.error().code;
}

inline Engine make_engine(size_t threads = 2) {
  return ok(Engine::make({.threads = threads}));
}

/// The engine's own reference: nothing is rounded.
inline const ModelOptions kExact{.quantize = "none", .activations = "f32"};

inline Model open_bytes(std::vector<std::byte> bytes, const Engine& engine, const ModelOptions& options = {}) {
  return ok(Model::open(memory_source(std::move(bytes), "tiny.gguf"), options, engine));
}
inline Model tiny(const TinyModelOptions& shape = {}, const ModelOptions& options = {}, const Engine& engine = make_engine()) {
  return open_bytes(tiny_llama_gguf(shape), engine, options);
}

/// `bytes` with every `from` replaced by `to`, which is as long: another key, another text.
inline std::vector<std::byte> patched(std::vector<std::byte> bytes, std::string_view from, std::string_view to) {
  if (from.size() != to.size()) throw std::runtime_error("a patch keeps the length");
  size_t n = 0;
  for (size_t at = 0; at + from.size() <= bytes.size(); ++at) {
    if (std::memcmp(&bytes[at], from.data(), from.size()) != 0) continue;
    std::memcpy(&bytes[at], to.data(), to.size());
    ++n;
  }
  if (n == 0) throw std::runtime_error("nothing to patch");
  return bytes;
}

/// n ids below 256 that do not repeat soon.
inline Ids some_tokens(size_t n, uint32_t seed = 1) {
  Ids ids(n);
  for (size_t i = 0; i < n; ++i) {
    seed = seed * 1664525 + 1013904223;
    ids[i] = static_cast<TokenId>(seed >> 24);
  }
  return ids;
}

inline std::string write_temporary(const std::string& name, const std::vector<std::byte>& bytes) {
  const std::string path = testing::TempDir() + "sotto_api_" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) throw std::runtime_error("cannot write " + path);
  std::fclose(file);
  return path;
}

}  // namespace sotto::test
