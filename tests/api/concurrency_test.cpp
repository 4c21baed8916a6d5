// One engine, several models, many sessions, many threads.
#include <atomic>
#include <thread>

#include "api/api_test.h"
#include "thread_wait.h"

namespace sotto {
namespace {

using test::Ids;
using test::ok;

TEST(Concurrency, TwoModelsAndFourSessionsEach) {
  if (!kHasThreads) GTEST_SKIP() << "needs threads";
  const Engine engine = test::make_engine(2);
  const std::vector<Model> models{test::tiny({.seed = 1}, {}, engine), test::tiny({.seed = 2, .n_layers = 3}, {}, engine)};
  const auto answer = [&](const Model& model, int which) {
    Session session = ok(model.new_session({.prefill_chunk = 16}));
    Ids tokens =
        ok(session.generate(test::some_tokens(40, static_cast<uint32_t>(which)), {.max_tokens = 12, .ignore_eos = true}).result())
            .tokens;
    Session fork = ok(session.fork());
    ok(session.rewind(10));
    for (Session* one : {&session, &fork}) {
      const Ids more =
          ok(one->generate("and the", {.max_tokens = 8, .temperature = 1, .seed = 1, .ignore_eos = true}).result()).tokens;
      tokens.insert(tokens.end(), more.begin(), more.end());
    }
    return tokens;
  };
  std::vector<Ids> wanted, got(8);
  for (int i = 0; i < 8; ++i) wanted.push_back(answer(models[static_cast<size_t>(i) / 4], i % 4));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { got[static_cast<size_t>(i)] = answer(models[static_cast<size_t>(i) / 4], i % 4); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(engine.used_bytes(), models[0].memory().total_bytes() + models[1].memory().total_bytes());
}

TEST(Concurrency, ModelsOpenAtTheSameTime) {
  if (!kHasThreads) GTEST_SKIP() << "needs threads";
  const Engine engine = test::make_engine(2);
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto model = Model::open(memory_source(test::tiny_llama_gguf({.seed = i})), {}, engine);
      opened += model.has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
  EXPECT_EQ(engine.used_bytes(), 0u);
}

TEST(Concurrency, OneSessionOfTwoThreadsIsAnError) {
  if (!kHasThreads) GTEST_SKIP() << "needs threads";
  const Model model = test::tiny({.context_length = 2048});
  Session session = ok(model.new_session({.context = 2048}));
  const Ids prompt = test::some_tokens(1500);
  const Ids wrong{-1};
  std::atomic<bool> running{true};
  // Works until it has been met; the intruder may hold the session for the moment it takes to refuse an id.
  std::thread worker([&] {
    while (running) {
      static_cast<void>(session.rewind(0).has_value() && session.append(prompt).has_value());
    }
  });
  bool met = false;
  while (!met) {
    const auto refused = session.append(wrong);
    EXPECT_FALSE(refused);
    met = !refused && refused.error().code == ErrorCode::concurrent_use;
  }
  running = false;
  worker.join();
  ok(session.rewind(0));
  EXPECT_TRUE(session.append(prompt));
}

}  // namespace
}  // namespace sotto
