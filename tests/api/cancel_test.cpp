// Cancelling from another thread, at any moment: soon over, and nothing remembers it.
#include <algorithm>
#include <random>
#include <thread>

#include "api/api_test.h"
#include "thread_wait.h"

namespace sotto {
namespace {

using test::Ids;
using test::ok;

TEST(Cancel, AtAnyMomentOfPrefillAndDecode) {
  if (!kHasThreads) GTEST_SKIP() << "needs threads";
  using Clock = std::chrono::steady_clock;
  const Model model = test::tiny({.context_length = 2048}, {}, test::make_engine(2));
  const Ids prompt = test::some_tokens(1500);
  const GenerationOptions options{.max_tokens = 60, .ignore_eos = true};
  const SessionOptions sizes{.context = 2048};

  Session fresh = ok(model.new_session(sizes));
  const auto start = Clock::now();
  const Ids wanted = ok(fresh.generate(prompt, options).result()).tokens;
  const auto whole = Clock::now() - start;
  ASSERT_EQ(wanted.size(), 60u);

  std::mt19937 random(11);
  Session session = ok(model.new_session(sizes));
  std::vector<double> latencies_ms;
  size_t in_prefill = 0, in_decode = 0, completed = 0;
  for (int round = 0; round < 200; ++round) {
    CancelSource cancel;
    GenerationOptions cancellable = options;
    cancellable.cancel = cancel.token();
    const auto delay = whole * static_cast<int>(random() % 1000) / 1000;
    Clock::time_point at;
    std::thread canceller([&] {
      std::this_thread::sleep_for(delay);
      at = Clock::now();
      cancel.cancel();
    });
    const auto result = session.generate(prompt, cancellable).result();
    const auto end = Clock::now();
    canceller.join();
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_TRUE(std::equal(result->tokens.begin(), result->tokens.end(), wanted.begin()));
    if (result->finish_reason == FinishReason::cancelled) {
      latencies_ms.push_back(std::chrono::duration<double, std::milli>(end - at).count());
      ++(result->tokens.empty() ? in_prefill : in_decode);
      // What was kept goes on as if nothing had happened.
      if (!result->tokens.empty() && round % 10 == 0) {
        const auto rest = ok(
            session.generate(Ids{}, {.max_tokens = 60 - static_cast<int64_t>(result->tokens.size()), .ignore_eos = true}).result());
        Ids tokens = result->tokens;
        tokens.insert(tokens.end(), rest.tokens.begin(), rest.tokens.end());
        ASSERT_EQ(tokens, wanted);
      }
      if (result->tokens.empty()) ASSERT_TRUE(session.tokens().empty());
    } else {
      ++completed;
    }
    ok(session.rewind(0));
  }
  EXPECT_EQ(ok(session.generate(prompt, options).result()).tokens, wanted);
  std::sort(latencies_ms.begin(), latencies_ms.end());
  RecordProperty("in_prefill", static_cast<int>(in_prefill));
  RecordProperty("in_decode", static_cast<int>(in_decode));
  RecordProperty("completed", static_cast<int>(completed));
  if (!latencies_ms.empty()) RecordProperty("p99_ms", std::to_string(latencies_ms[latencies_ms.size() * 99 / 100]));
  EXPECT_GT(in_prefill + in_decode, 20u);
}

TEST(Cancel, DeadlineInsidePrefill) {
  const Model model = test::tiny({.context_length = 2048});
  Session session = ok(model.new_session({.context = 2048}));
  const Ids prompt = test::some_tokens(1500);
  for (const int delay_us : {0, 10, 100, 500}) {
    const auto result =
        ok(session
               .generate(prompt,
                         {.max_tokens = 400, .ignore_eos = true, .deadline = Deadline::in(std::chrono::microseconds(delay_us))})
               .result());
    EXPECT_EQ(result.finish_reason, FinishReason::deadline) << "1,900 tokens in " << delay_us << " us";
    ok(session.rewind(0));
  }
}

}  // namespace
}  // namespace sotto
