// Bytes that lie, pushed in pieces: a typed error or a working model, whatever is broken and wherever the pieces end.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "facade/handles.h"
#include "support/tiny_model.h"

namespace sotto::facade {
namespace {

using nlohmann::json;

// Pushes all that is asked for and asks the model once. True: it answered.
bool survives(const EngineHandle& engine, const std::vector<std::byte>& bytes, size_t piece) {
  IncomingHandle incoming(engine, R"({"tokenizer_required": false})");
  Result<JsonText> state = incoming.offer("a.gguf", static_cast<double>(bytes.size()));
  while (state) {
    const json told = json::parse(state->text);
    const json wanted = told.at("wanted");
    if (wanted.is_null()) break;
    if (!wanted.at("known").get<bool>()) {
      state = incoming.missing(wanted.at("file"));
      continue;
    }
    const size_t offset = wanted.at("offset"), n = std::min(piece, bytes.size() - offset);
    const uintptr_t room = incoming.room(static_cast<double>(n));
    if (n > 0) std::memcpy(reinterpret_cast<void*>(room), bytes.data() + offset, n);
    state = incoming.commit("a.gguf", static_cast<double>(n));
  }
  if (!state || !incoming.finish()) return false;
  const ModelHandle model(incoming);
  GenerationHandle generation(SessionHandle(model, R"({"context": 16})"), R"({"tokens": [1, 2], "max_tokens": 2})");
  return generation.result().has_value();
}

TEST(HostileBytes, AnyFlippedBitOfTheHeader) {
  const EngineHandle engine(R"({"threads": 1})");
  const auto bytes = test::tiny_llama_gguf({.n_layers = 1, .width = 32, .n_heads = 2, .n_kv_heads = 1, .ffn_width = 32});
  ASSERT_TRUE(survives(engine, bytes, 3000));
  size_t answered = 0, refused = 0;
  for (size_t bit = 0; bit < 8 * 2048; bit += 5) {
    auto broken = bytes;
    broken[bit / 8] ^= std::byte{1} << (bit % 8);
    (survives(engine, broken, 20000) ? answered : refused)++;
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(answered, 100u);  // names and texts may be what they like
}

TEST(HostileBytes, AnyLength) {
  const EngineHandle engine(R"({"threads": 1})");
  const auto bytes = test::tiny_llama_gguf({.n_layers = 1, .width = 32, .n_heads = 2, .n_kv_heads = 1, .ffn_width = 32});
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 16)
    EXPECT_FALSE(survives(engine, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)}, 4096)) << length;
}

TEST(HostileBytes, OptionsAndRequests) {
  const std::string good = R"({"prompt": "a", "max_tokens": 5, "stop": ["x"], "logit_bias": [{"token": 1, "bias": 0.5}]})";
  const EngineHandle engine("");
  for (size_t i = 0; i < good.size(); ++i)
    for (const char put : {'\0', '"', '{', '9', '\xFF'}) {
      std::string broken = good;
      broken[i] = put;
      const EngineHandle odd(broken);
      EXPECT_FALSE(odd.status());
      const IncomingHandle incoming(engine, broken);
      EXPECT_FALSE(incoming.status());
    }
  EXPECT_FALSE(EngineHandle(std::string(100000, '[')).status());
}

}  // namespace
}  // namespace sotto::facade
