// What language bindings see: JSON in, JSON out, and errors that name what is wrong.
#include "facade/handles.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "facade/options_json.h"
#include "support/results.h"
#include "support/tiny_model.h"

namespace sotto::facade {
namespace {

using nlohmann::json;

// The value, or a failure that shows the error.
json value_of(const Result<JsonText>& result) {
  const json told = json::parse(answer(result));
  if (told.contains("error")) ADD_FAILURE() << told;
  return told.value("value", json());
}

struct Loaded {
  explicit Loaded(const std::string& engine_options = R"({"threads": 2})", size_t piece = 5000)
      : engine(engine_options), incoming(engine, "") {
    const auto bytes = test::tiny_llama_gguf();
    json state = value_of(incoming.offer("tiny.gguf", static_cast<double>(bytes.size())));
    while (!state["wanted"].is_null()) {
      EXPECT_EQ(state["wanted"]["file"], "tiny.gguf");
      const size_t offset = state["wanted"]["offset"], n = std::min(piece, bytes.size() - offset);
      std::memcpy(reinterpret_cast<void*>(incoming.room(static_cast<double>(n))), bytes.data() + offset, n);
      state = value_of(incoming.commit("tiny.gguf", static_cast<double>(n)));
    }
    EXPECT_EQ(state["done_bytes"], state["total_bytes"]);
    value_of(incoming.finish());
    model.emplace(incoming);
  }

  EngineHandle engine;
  IncomingHandle incoming;
  std::optional<ModelHandle> model;
};

json run(const SessionHandle& session, const std::string& request, double slice = 0) {
  GenerationHandle generation(session, request);
  json all = {{"text", ""}, {"steps", 0}};
  for (json step; step.is_null() || !step["done"];) {
    step = value_of(generation.step(0, slice));
    for (const json& piece : step.at("pieces")) all["text"] = all["text"].get<std::string>() + piece["text"].get<std::string>();
    all["steps"] = all["steps"].get<int>() + 1;
    all["prefill"] = step["prefill"];
  }
  all["result"] = value_of(generation.result());
  return all;
}

TEST(Facade, LoadsAsksAndAnswers) {
  const Loaded loaded;
  const json info = value_of(loaded.model->info());
  EXPECT_EQ(info["architecture"], "llama");
  EXPECT_EQ(info["has_chat_template"], true);
  EXPECT_TRUE(info["warnings"].is_array());
  EXPECT_EQ(value_of(loaded.engine.status())["threads"], 2);

  const json ids = value_of(loaded.model->tokenize("hello <s>", ""));
  EXPECT_EQ(value_of(loaded.model->decode(json{{"tokens", ids}, {"skip_special", true}}.dump())), "hello <s>");
  EXPECT_NE(value_of(loaded.model->tokenize("hello <s>", R"({"parse_special": true})")), ids);
  EXPECT_EQ(value_of(loaded.model->apply_template(R"({"messages": [{"role": "user", "content": "Hi"}]})")),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");

  const SessionHandle session(*loaded.model, R"({"context": 100, "cache": "q8_0"})");
  EXPECT_EQ(value_of(session.status())["context"], 100);
  const json answer = run(session, R"({"prompt": "Once upon", "max_tokens": 12, "ignore_eos": true})");
  EXPECT_EQ(answer["text"], answer["result"]["text"]);
  EXPECT_EQ(answer["result"]["finish_reason"], "length");
  EXPECT_EQ(answer["result"]["tokens"].size(), 12u);
  EXPECT_EQ(answer["result"]["usage"]["completion_tokens"], 12);
  const size_t held = value_of(session.tokens()).size();
  const SessionHandle fork = session.fork();
  EXPECT_EQ(value_of(fork.tokens()).size(), held);
  SessionHandle back = session;
  value_of(back.rewind(3));
  EXPECT_EQ(value_of(session.tokens()).size(), 3u);
  EXPECT_GT(value_of(loaded.model->memory())["kv_bytes"], 0);
}

TEST(Facade, SlicesOfAPromptChangeNothing) {
  const Loaded loaded;
  json tokens = json::array();
  for (int i = 0; i < 90; ++i) tokens.push_back(i * 7 % 250);
  const std::string request = json{{"tokens", tokens}, {"max_tokens", 6}, {"ignore_eos", true}}.dump();
  const json whole = run(SessionHandle(*loaded.model, ""), request);
  const json sliced = run(SessionHandle(*loaded.model, ""), request, 16);
  EXPECT_EQ(whole["result"]["tokens"], sliced["result"]["tokens"]);
  EXPECT_EQ(sliced["prefill"], (json{{"done", 90}, {"total", 90}}));
  EXPECT_EQ(sliced["steps"].get<int>(), whole["steps"].get<int>() + 5);
}

TEST(Facade, WhoIsAskedCancels) {
  const Loaded loaded;
  const SessionHandle session(*loaded.model, "");
  GenerationHandle generation(session, R"({"prompt": "Once upon a time", "max_tokens": 200, "ignore_eos": true})");
  static int cancelled_call;
  cancelled_call = 0;
  generation.watch([](int call) { return call == cancelled_call; }, 7);
  value_of(generation.step(0, 0));
  cancelled_call = 7;
  EXPECT_EQ(value_of(generation.step(1e9, 0))["done"], true);
  EXPECT_EQ(value_of(generation.result())["finish_reason"], "cancelled");
  // In the middle of a sliced prompt: the session holds what it held.
  GenerationHandle early(session, R"({"prompt": "and then there was a long long prompt", "max_tokens": 200})");
  const json held = value_of(session.tokens());
  value_of(early.step(0, 4));
  early.cancel();
  EXPECT_EQ(value_of(early.step(1e9, 4))["done"], true);
  EXPECT_EQ(value_of(early.result())["finish_reason"], "cancelled");
  EXPECT_EQ(value_of(session.tokens()), held);
}

TEST(Facade, TracesOnlyWhenAsked) {
  EXPECT_REFUSED(Loaded().engine.trace(), ErrorCode::unsupported, "trace");
  const Loaded traced(R"({"threads": 1, "trace": true})");
  run(SessionHandle(*traced.model, ""), R"({"prompt": "a", "max_tokens": 2})");
  std::string names;
  const json trace = value_of(traced.engine.trace());
  for (const json& event : trace["traceEvents"]) names += event.value("name", "") + " ";
  for (const char* const name : {"pack", "warm-up", "prefill", "step"}) EXPECT_NE(names.find(name), std::string::npos) << names;
}

TEST(Facade, LogProbabilitiesComeWithThePieces) {
  const Loaded loaded;
  GenerationHandle generation(SessionHandle(*loaded.model, ""), R"({"prompt": "a", "max_tokens": 1, "logprobs": 3})");
  const json piece = value_of(generation.step(1e9, 0))["pieces"][0];
  ASSERT_EQ(piece["top_logprobs"].size(), 3u);
  EXPECT_EQ(piece["top_logprobs"][0]["token"], piece["token"]);
  EXPECT_LE(piece["logprob"].get<double>(), 0);
}

TEST(Facade, HandlesOfFailuresSayWhy) {
  const EngineHandle engine(R"({"threads": 100})");
  EXPECT_REFUSED(engine.status(), ErrorCode::invalid_argument, "threads");
  IncomingHandle incoming(engine, "");
  EXPECT_REFUSED(incoming.offer("a.gguf", 10), ErrorCode::invalid_argument, "threads");
  const ModelHandle model(incoming);
  EXPECT_REFUSED(model.info(), ErrorCode::invalid_argument, "model");
  const SessionHandle session(model, "");
  EXPECT_REFUSED(session.tokens(), ErrorCode::invalid_argument, "model");
  GenerationHandle generation(session.fork(), "{}");
  EXPECT_REFUSED(generation.step(1, 1), ErrorCode::invalid_argument, "model");

  const Loaded loaded;
  IncomingHandle odd(loaded.engine, "");
  EXPECT_REFUSED(odd.offer("a.gguf", 0.5), ErrorCode::invalid_argument, "size");
  EXPECT_REFUSED(odd.offer("a.gguf", -1), ErrorCode::invalid_argument, "size");
  EXPECT_EQ(odd.room(NAN), 0u);
  EXPECT_EQ(odd.room(1e18), 0u);
  EXPECT_REFUSED(odd.commit("a.gguf", 1), ErrorCode::invalid_argument, "bytes");
}

TEST(Facade, OptionsAreStrict) {
  struct Case {
    const char *options, *named;
  };
  for (const Case& refused : {
           Case{R"({"prompt": "a", "max_tokens": "5"})", "max_tokens"},
           {R"({"prompt": "a", "max_tokens": 1.5})", "max_tokens"},
           {R"({"prompt": "a", "max_tokens": -1, "top_p": 2})", "top_p"},
           {R"({"prompt": "a", "max_tokens": -1, "top_p": 2})", "max_tokens"},
           {R"({"prompt": "a", "maxTokens": 5})", "maxTokens"},
           {R"({"prompt": "a", "temperature": true})", "temperature"},
           {R"({"prompt": "a", "ignore_eos": 1})", "ignore_eos"},
           {R"({"prompt": "a", "stop": [1]})", "stop"},
           {R"({"prompt": "a", "stop": ""})", "stop"},
           {R"({"prompt": "a", "seed": 1e300})", "seed"},
           {R"({"prompt": "a", "logit_bias": [{"token": -1, "bias": 0}]})", "logit_bias"},
           {R"({"prompt": "a", "logit_bias": [{"bias": 0}]})", "logit_bias"},
           {R"({"prompt": "a", "timeout_ms": -5})", "timeout_ms"},
           {R"({"prompt": 7})", "prompt"},
           {R"({"prompt": "a", "tokens": [1]})", "prompt"},
           {R"({"tokens": [1, "2"]})", "tokens"},
           {R"({"tokens": 5})", "tokens"},
           {R"({"messages": [{"role": "user"}]})", "messages[0]"},
           {R"({"messages": "hi"})", "messages"},
           {R"({})", "prompt"},
           {R"([])", "prompt"},
           {R"({"prompt": "a",})", "options"},
       })
    EXPECT_REFUSED(generation_request(refused.options), ErrorCode::invalid_argument, refused.named);
  const auto taken = generation_request(
      R"({"prompt": "a", "top_k": 7, "seed": 9007199254740991, "stop": "x", "logit_bias": [{"token": 3, "bias": null}], "timeout_ms": 5.5,
          "temperature": null})");
  ASSERT_TRUE(taken) << test::text_of(taken);
  EXPECT_EQ(taken->options.top_k, 7);
  EXPECT_EQ(taken->options.seed, 9007199254740991u);
  EXPECT_EQ(taken->options.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(std::isinf(taken->options.logit_bias[0].bias));
  EXPECT_TRUE(taken->options.deadline.is_set());
  EXPECT_REFUSED(model_options(R"({"quantize": "q9"})"), ErrorCode::invalid_argument, "quantize");
  EXPECT_REFUSED(model_options(R"({"quantise": "q8_0"})"), ErrorCode::invalid_argument, "quantise");
  EXPECT_REFUSED(session_options(R"({"cache": "f64"})"), ErrorCode::invalid_argument, "cache");
  EXPECT_REFUSED(session_options(R"({"context": -1})"), ErrorCode::invalid_argument, "context");
  EXPECT_REFUSED(engine_request(R"({"target": "mmx"})"), ErrorCode::invalid_argument, "target");
}

// One table of options: what the facade tells is what GenerationOptions has.
TEST(Facade, TellsTheOptionsOfTheTable) {
  const json rows = json::parse(generation_options_json());
  ASSERT_EQ(rows.size(), generation_options().size() + 2);
  json request = {{"prompt", "a"}};
  for (const json& row : rows) {
    if (row["kind"] == "boolean") request[row["name"]] = row["default"] != 0;
    if (row["kind"] == "integer" || row["kind"] == "real") request[row["name"]] = row["default"];
    if (row["kind"] == "list") request[row["name"]] = json::array();
  }
  const auto taken = generation_request(request.dump());
  ASSERT_TRUE(taken) << test::text_of(taken);
  for (const OptionInfo& option : generation_options()) EXPECT_EQ(option.get(taken->options), option.get({})) << option.name;
}

TEST(Facade, TextIsQuoted) {
  EXPECT_EQ(answer(JsonText{to_json("a\"\n\x01\xFF")}), "{\"value\":\"a\\\"\\n\\u0001\xEF\xBF\xBD\"}");
  EXPECT_EQ(to_json(NAN), "null");
  EXPECT_EQ(to_json(2147483647.0), "2147483647");
  EXPECT_EQ(to_json(-0.25), "-0.25");
  EXPECT_EQ(to_json(std::vector<TokenId>{1, -2}), "[1,-2]");
  EXPECT_EQ(json::parse(answer(Error{ErrorCode::bad_model, "m", "w"})),
            (json{{"error", {{"code", "bad_model"}, {"message", "m"}, {"where", "w"}}}}));
}

TEST(Facade, HashesPieces) {
  Sha256Handle hash;
  const std::string text = "abc";
  hash.update(reinterpret_cast<uintptr_t>(text.data()), 1);
  hash.update(reinterpret_cast<uintptr_t>(text.data()) + 1, 2);
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sotto::facade
