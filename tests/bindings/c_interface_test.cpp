// The C interface: every call with what it must refuse, and a load by pushed bytes.
#include <gtest/gtest.h>
#include <sotto.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "support/tiny_model.h"

namespace {

using nlohmann::json;

struct Text {
  ~Text() { sotto_text_free(text); }
  char* text = nullptr;
  json parsed() const { return json::parse(text); }
};

class CInterface : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(sotto_engine_new(nullptr, &engine, &error), SOTTO_OK) << error.message;
    ASSERT_EQ(sotto_incoming_new(engine, "", &incoming, &error), SOTTO_OK) << error.message;
    const auto bytes = sotto::test::tiny_llama_gguf();
    ASSERT_EQ(sotto_incoming_offer(incoming, "tiny.gguf", bytes.size(), nullptr, &error), SOTTO_OK) << error.message;
    for (size_t at = 0; at < bytes.size(); at += 4000) {
      Text state;
      const size_t n = std::min<size_t>(4000, bytes.size() - at);
      ASSERT_EQ(sotto_incoming_push(incoming, "tiny.gguf", bytes.data() + at, n, &state.text, &error), SOTTO_OK) << error.message;
      EXPECT_EQ(state.parsed()["wanted"].is_null(), at + n == bytes.size());
    }
    ASSERT_EQ(sotto_incoming_finish(incoming, &model, &error), SOTTO_OK) << error.message;
    ASSERT_EQ(sotto_session_new(model, nullptr, &session, &error), SOTTO_OK) << error.message;
  }
  void TearDown() override {
    sotto_session_free(session);
    sotto_model_free(model);
    sotto_incoming_free(incoming);
    sotto_engine_free(engine);
  }

  sotto_error error{};
  sotto_engine* engine = nullptr;
  sotto_incoming* incoming = nullptr;
  sotto_model* model = nullptr;
  sotto_session* session = nullptr;
};

TEST_F(CInterface, GeneratesPieceByPiece) {
  sotto_generation* generation = nullptr;
  ASSERT_EQ(sotto_generation_new(session, R"({"prompt": "Hello", "max_tokens": 5, "ignore_eos": true})", &generation, &error),
            SOTTO_OK);
  std::string text;
  sotto_piece piece{};
  size_t n = 0;
  for (; sotto_generation_next(generation, &piece, &error) == SOTTO_OK && !piece.done; ++n)
    text.append(piece.text, piece.text_bytes);
  EXPECT_EQ(n, 5u);
  Text result, tokens;
  ASSERT_EQ(sotto_generation_result(generation, &result.text, &error), SOTTO_OK);
  EXPECT_EQ(result.parsed()["text"], text);
  sotto_generation_free(generation);

  ASSERT_EQ(sotto_session_rewind(session, 2, &error), SOTTO_OK);
  sotto_session* fork = nullptr;
  ASSERT_EQ(sotto_session_fork(session, &fork, &error), SOTTO_OK);
  ASSERT_EQ(sotto_session_tokens(fork, &tokens.text, &error), SOTTO_OK);
  EXPECT_EQ(tokens.parsed().size(), 2u);
  sotto_session_free(fork);
}

TEST_F(CInterface, CancelEndsWithTheTextSoFar) {
  sotto_generation* generation = nullptr;
  ASSERT_EQ(sotto_generation_new(session, R"({"prompt": "Hello", "max_tokens": 200, "ignore_eos": true})", &generation, &error),
            SOTTO_OK);
  sotto_piece piece{};
  ASSERT_EQ(sotto_generation_next(generation, &piece, &error), SOTTO_OK);
  sotto_generation_cancel(generation);
  Text result;
  ASSERT_EQ(sotto_generation_result(generation, &result.text, &error), SOTTO_OK);
  EXPECT_EQ(result.parsed()["finish_reason"], "cancelled");
  sotto_generation_free(generation);
}

TEST_F(CInterface, TellsAboutTheModel) {
  Text info, memory, ids, text, rendered, engine_info;
  EXPECT_EQ(sotto_model_info(model, &info.text, &error), SOTTO_OK);
  EXPECT_EQ(info.parsed()["architecture"], "llama");
  EXPECT_EQ(sotto_model_memory(model, &memory.text, &error), SOTTO_OK);
  EXPECT_GT(memory.parsed()["weights_bytes"], 0);
  EXPECT_EQ(sotto_model_tokenize(model, "Hi", nullptr, &ids.text, &error), SOTTO_OK);
  EXPECT_EQ(sotto_model_decode(model, (R"({"tokens": )" + std::string(ids.text) + "}").c_str(), &text.text, &error), SOTTO_OK);
  EXPECT_EQ(text.parsed(), "Hi");
  EXPECT_EQ(sotto_model_apply_template(model, R"({"messages": [{"role": "user", "content": "Hi"}]})", &rendered.text, &error),
            SOTTO_OK);
  EXPECT_EQ(sotto_engine_info(engine, &engine_info.text, &error), SOTTO_OK);
}

TEST_F(CInterface, RefusesByCodeAndName) {
  Text text;
  sotto_engine* none = nullptr;
  EXPECT_EQ(sotto_engine_new(R"({"threads": -1})", &none, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(none, nullptr);
  EXPECT_STREQ(error.where, "threads");
  EXPECT_EQ(sotto_engine_new(nullptr, nullptr, nullptr), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_engine_info(nullptr, &text.text, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_engine_trace(engine, &text.text, &error), SOTTO_UNSUPPORTED);
  sotto_model* no_model = nullptr;
  EXPECT_EQ(sotto_model_open(engine, "no such file.gguf", nullptr, &no_model, &error), SOTTO_NOT_FOUND);
  EXPECT_EQ(sotto_model_open(nullptr, "x", nullptr, &no_model, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_model_open(engine, nullptr, nullptr, &no_model, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_inspect("no such file.gguf", &text.text, &error), SOTTO_NOT_FOUND);
  EXPECT_EQ(sotto_inspect(nullptr, &text.text, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_plan(engine, "no such file.gguf", nullptr, nullptr, &text.text, &error), SOTTO_NOT_FOUND);
  EXPECT_EQ(sotto_plan(engine, "x.gguf", R"({"x": 1})", nullptr, &text.text, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_incoming_push(incoming, "other", "x", 1, nullptr, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_session_rewind(session, 99, &error), SOTTO_INVALID_ARGUMENT);
  sotto_generation* no_generation = nullptr;
  EXPECT_EQ(sotto_generation_new(session, nullptr, &no_generation, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_generation_new(nullptr, "{}", &no_generation, &error), SOTTO_INVALID_ARGUMENT);
  EXPECT_EQ(sotto_generation_next(nullptr, nullptr, &error), SOTTO_INVALID_ARGUMENT);
  sotto_generation_cancel(nullptr);
  EXPECT_EQ(text.text, nullptr);
}

TEST(CInterfaceNames, AreThoseOfTheCodes) {
  EXPECT_STREQ(sotto_status_name(SOTTO_OK), "ok");
  EXPECT_STREQ(sotto_status_name(SOTTO_INVALID_ARGUMENT), "invalid_argument");
  EXPECT_STREQ(sotto_status_name(SOTTO_INTERNAL), "internal");
  for (const int unknown : {99, -1}) EXPECT_STREQ(sotto_status_name(unknown), "internal");
}

}  // namespace
