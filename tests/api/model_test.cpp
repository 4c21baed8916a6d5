// Opening models: what they tell, what they hold, how opening ends.
#include <algorithm>
#include <set>

#include "api/api_test.h"

namespace sotto {
namespace {

using test::code_of;
using test::make_engine;
using test::ok;
using test::tiny;

TEST(Model, TellsWhatItIs) {
  const Model model = tiny({.n_layers = 3});
  const ModelInfo& info = model.info();
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.name, "tiny");
  EXPECT_EQ(info.n_layers, 3u);
  EXPECT_EQ(info.dim, 64u);
  EXPECT_EQ(info.n_heads, 4u);
  EXPECT_EQ(info.n_kv_heads, 2u);
  EXPECT_EQ(info.head_dim, 16u);
  EXPECT_EQ(info.ffn_dim, 96u);
  EXPECT_EQ(info.n_vocab, 320u);
  EXPECT_EQ(info.max_context, 256u);
  EXPECT_EQ(info.largest_window, 0u);
  EXPECT_EQ(info.parameters, 2u * 320 * 64 + 64 + 3u * (2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 96));
  EXPECT_GT(info.load_ms, 0);
  ASSERT_NE(model.tokenizer(), nullptr);
  ASSERT_NE(model.chat_template(), nullptr);
  EXPECT_TRUE(model.warnings().empty());
}

TEST(Model, PlanIsWhatIsHeld) {
  const std::string path = test::write_temporary("plan.gguf", test::tiny_llama_gguf({.tied_head = true}));
  for (const size_t threads : {1, 3}) {
    const Engine engine = make_engine(threads);
    for (const char* quantize : {"auto", "none", "q8_0", "q4_0"}) {
      const ModelOptions options{.quantize = quantize};
      std::optional<Model> model = ok(Model::open(path, options, engine));
      EXPECT_EQ(engine.used_bytes(), model->memory().total_bytes());
      for (const SessionOptions& wanted :
           {SessionOptions{}, SessionOptions{.context = 100, .cache = CacheType::q8_0, .prefill_chunk = 7},
            SessionOptions{.context = 1, .cache = CacheType::f32, .prefill_chunk = 4096}}) {
        const MemoryUsage planned = ok(plan(path, options, wanted, engine));
        const Session session = ok(model->new_session(wanted));
        EXPECT_EQ(planned.weights_bytes, model->memory().weights_bytes);
        EXPECT_EQ(planned.tokenizer_bytes, model->memory().tokenizer_bytes);
        EXPECT_GT(planned.tokenizer_bytes, 320u * sizeof(uint32_t));
        EXPECT_EQ(planned.kv_bytes, session.memory().kv_bytes);
        EXPECT_EQ(planned.scratch_bytes, session.memory().scratch_bytes);
        EXPECT_GT(planned.scratch_bytes, 320u * sizeof(float));
        EXPECT_EQ(engine.used_bytes(), planned.total_bytes());
      }
      EXPECT_EQ(engine.used_bytes(), model->memory().total_bytes());
      model.reset();
      EXPECT_EQ(engine.used_bytes(), 0u);
    }
  }
}

TEST(Model, MemoryLimitIsKeptToTheByte) {
  const std::string path = test::write_temporary("limit.gguf", test::tiny_llama_gguf());
  const MemoryUsage planned = ok(plan(path, {}, {}, make_engine()));
  const uint64_t of_model = planned.weights_bytes + planned.tokenizer_bytes;
  const auto limited = [](uint64_t bytes) { return ok(Engine::make({.threads = 2, .memory_limit_bytes = bytes})); };
  {
    const Engine engine = limited(planned.total_bytes());
    const Model model = ok(Model::open(path, {}, engine));
    const Session session = ok(model.new_session());
    EXPECT_EQ(engine.used_bytes(), planned.total_bytes());
    EXPECT_EQ(code_of(session.fork()), ErrorCode::out_of_memory);
  }
  {
    const Engine engine = limited(planned.total_bytes() - 1);
    const Model model = ok(Model::open(path, {}, engine));
    EXPECT_EQ(code_of(model.new_session()), ErrorCode::out_of_memory);
    EXPECT_EQ(engine.used_bytes(), of_model);
  }
  const Engine exact = limited(of_model);  // no room for the warm-up, which is then left out
  EXPECT_TRUE(Model::open(path, {}, exact));
  const Engine engine = limited(of_model - 1);
  const auto refused = Model::open(path, {}, engine);
  EXPECT_EQ(code_of(refused), ErrorCode::out_of_memory);
  EXPECT_EQ(refused.error().where, "memory_limit_bytes");
  EXPECT_EQ(engine.used_bytes(), 0u);
}

TEST(Model, OptionsAreRefusedByName) {
  const Engine engine = make_engine();
  const auto open = [&](const ModelOptions& options) {
    return Model::open(memory_source(test::tiny_llama_gguf()), options, engine);
  };
  const auto both = open({.quantize = "q3", .activations = "int8"});
  ASSERT_EQ(code_of(both), ErrorCode::invalid_argument);
  EXPECT_NE(both.error().message.find("quantize is \"q3\""), std::string::npos) << both.error().message;
  EXPECT_NE(both.error().message.find("activations is \"int8\""), std::string::npos) << both.error().message;
  for (const char* wrong : {"", "q4_k", "i8", "AUTO"})
    EXPECT_EQ(code_of(open({.quantize = wrong})), ErrorCode::invalid_argument) << wrong;

  const auto engines = Engine::make({.threads = 65, .target = "mmx"});
  ASSERT_EQ(code_of(engines), ErrorCode::invalid_argument);
  EXPECT_NE(engines.error().message.find("threads is 65"), std::string::npos) << engines.error().message;
  EXPECT_NE(engines.error().message.find("target is \"mmx\""), std::string::npos) << engines.error().message;

  const Model model = tiny();
  const auto session = model.new_session({.context = size_t{1} << 25, .cache = static_cast<CacheType>(9), .prefill_chunk = 0});
  ASSERT_EQ(code_of(session), ErrorCode::invalid_argument);
  for (const char* field : {"context is", "cache is 9", "prefill_chunk is 0"})
    EXPECT_NE(session.error().message.find(field), std::string::npos) << session.error().message;
}

TEST(Model, MissingOrBrokenTemplateIsAWarning) {
  const std::vector<Message> conversation{{"user", "Hi"}};
  {
    const Model model = test::open_bytes(
        test::patched(test::tiny_llama_gguf(), "tokenizer.chat_template", "tokenizer.chat_templatX"), make_engine());
    EXPECT_EQ(model.chat_template(), nullptr);
    ASSERT_EQ(model.warnings().size(), 1u);
    EXPECT_NE(model.warnings()[0].find("no chat template"), std::string::npos);
    EXPECT_EQ(code_of(model.render_chat(conversation)), ErrorCode::unsupported);
    Session session = ok(model.new_session());
    const auto answer = ok(session.chat(conversation, {.max_tokens = 2}).result());
    EXPECT_EQ(answer.prompt_tokens, ok(model.tokenizer()->encode("Hi")));
  }
  const Model model = test::open_bytes(test::patched(test::tiny_llama_gguf(), "{% endfor %}", "{% endfox %}"), make_engine());
  EXPECT_EQ(model.chat_template(), nullptr);
  ASSERT_EQ(model.warnings().size(), 1u);
  Session session = ok(model.new_session());
  EXPECT_EQ(code_of(session.chat(conversation, {.max_tokens = 2}).result()), ErrorCode::template_error);
  EXPECT_TRUE(session.generate("Hi", {.max_tokens = 2}).result());
}

TEST(Model, WithoutTokenizerTakesIds) {
  SOTTO_NEEDS(folder, test::anchor("transformers/llama"));
  const Engine engine = make_engine();
  EXPECT_EQ(code_of(Model::open(folder, {}, engine)), ErrorCode::not_found);
  const Model model = ok(Model::open(folder, {.tokenizer_required = false}, engine));
  EXPECT_EQ(model.tokenizer(), nullptr);
  EXPECT_FALSE(model.warnings().empty());
  Session session = ok(model.new_session());
  EXPECT_EQ(code_of(session.generate("Hi").result()), ErrorCode::unsupported);
  const auto result = ok(session.generate(test::Ids{1, 2, 3}, {.max_tokens = 5}).result());
  EXPECT_EQ(result.tokens.size(), 5u);
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(code_of(perplexity(model, "text", {})), ErrorCode::unsupported);
}

TEST(Model, OpeningCanBeStopped) {
  const Engine engine = make_engine();
  const auto open = [&](ModelOptions options) { return Model::open(memory_source(test::tiny_llama_gguf()), options, engine); };
  CancelSource cancelled;
  cancelled.cancel();
  EXPECT_EQ(code_of(open({.cancel = cancelled.token()})), ErrorCode::cancelled);
  EXPECT_EQ(code_of(open({.deadline = Deadline::in(std::chrono::nanoseconds(0))})), ErrorCode::deadline_exceeded);

  CancelSource during;
  ModelOptions options;
  options.cancel = during.token();
  options.progress = [&](uint64_t done, uint64_t) {
    if (done > 0) during.cancel();
  };
  EXPECT_EQ(code_of(open(options)), ErrorCode::cancelled);
  EXPECT_EQ(engine.used_bytes(), 0u);
}

TEST(Model, ProgressGoesUpToTheTotal) {
  std::vector<uint64_t> done;
  uint64_t total = 0;
  ModelOptions options;
  options.progress = [&](uint64_t bytes, uint64_t of) {
    done.push_back(bytes);
    total = of;
  };
  const Model model = tiny({}, options);
  ASSERT_FALSE(done.empty());
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), total);
  EXPECT_EQ(total, model.info().parameters * sizeof(float));
}

TEST(Model, LoadIsTraced) {
  TraceRecorder trace;
  const Engine engine = ok(Engine::make({.threads = 2, .trace = &trace}));
  const Model model = test::open_bytes(test::tiny_llama_gguf(), engine);
  std::set<std::string> names;
  for (const auto& event : trace.events()) names.insert(event.name);
  for (const char* name : {"load", "read", "pack", "warm-up", "layer"}) EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_STREQ(trace.events().back().name, "load");
}

TEST(Model, InspectReadsWhatIsInAFile) {
  const auto bytes = test::tiny_llama_gguf();
  const Inspection found = ok(inspect(test::write_temporary("inspect.gguf", bytes)));
  EXPECT_EQ(found.format, "gguf");
  EXPECT_EQ(found.architecture, "llama");
  EXPECT_TRUE(found.supported) << found.unsupported_reason;
  EXPECT_EQ(found.parameters * sizeof(float), found.tensor_bytes);
  const auto tensor =
      std::find_if(found.tensors.begin(), found.tensors.end(), [](const auto& t) { return t.name == "blk.0.attn_k.weight"; });
  ASSERT_NE(tensor, found.tensors.end());
  EXPECT_EQ(tensor->type, "f32");
  EXPECT_EQ(tensor->shape, (std::vector<uint64_t>{32, 64}));
  EXPECT_EQ(tensor->bytes, 32u * 64 * 4);
  const auto value = [&](std::string_view key) {
    for (const auto& [name, text] : found.metadata)
      if (name == key) return text;
    return std::string("(missing)");
  };
  EXPECT_EQ(value("llama.rope.freq_base"), "10000");
  EXPECT_EQ(value("tokenizer.ggml.add_bos_token"), "false");
  EXPECT_EQ(value("tokenizer.ggml.token_type"), "[1, 1, 1, 1, 1, 1, 1, 1, ... 320 in all]");

  const Inspection other = ok(inspect(test::write_temporary("unknown.gguf", test::patched(bytes, "llama", "lxama"))));
  EXPECT_FALSE(other.supported);
  EXPECT_EQ(other.architecture, "lxama");
  EXPECT_FALSE(other.unsupported_reason.empty());
  EXPECT_EQ(code_of(inspect(testing::TempDir() + "sotto_api_absent.gguf")), ErrorCode::not_found);
}

}  // namespace
}  // namespace sotto
