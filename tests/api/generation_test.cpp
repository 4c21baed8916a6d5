// Requests: every way to end, what is streamed and what is told afterwards.
#include <algorithm>
#include <cmath>
#include <set>

#include "api/api_test.h"

namespace sotto {
namespace {

using test::code_of;
using test::Ids;
using test::make_engine;
using test::ok;
using test::tiny;

constexpr char kPrompt[] = "The cat and the hat";

class GenerationTest : public testing::Test {
 protected:
  Session session(const SessionOptions& options = {}) const { return ok(model_.new_session(options)); }
  GenerationResult run(const GenerationOptions& options, std::string_view prompt = kPrompt) const {
    return ok(session().generate(prompt, options).result());
  }
  const Model model_ = tiny();
};

TEST_F(GenerationTest, PiecesAreTheResult) {
  Session used = session();
  Generation generation = used.generate(kPrompt, {.max_tokens = 40, .ignore_eos = true});
  std::string text;
  Ids tokens;
  for (const Piece& piece : generation) {
    text += piece.text;
    tokens.push_back(piece.token);
    EXPECT_EQ(generation.text(), text);
    EXPECT_FALSE(piece.logprob);
  }
  const GenerationResult result = ok(generation.result());
  EXPECT_EQ(result.text, text);
  EXPECT_EQ(result.tokens, tokens);
  EXPECT_EQ(tokens.size(), 40u);
  EXPECT_EQ(result.finish_reason, FinishReason::length);
  EXPECT_EQ(result.prompt_tokens, ok(model_.tokenizer()->encode(kPrompt)));
  EXPECT_EQ(result.usage.prompt_tokens, result.prompt_tokens.size());
  EXPECT_EQ(result.usage.cached_tokens, 0u);
  EXPECT_EQ(result.usage.completion_tokens, 40u);
  EXPECT_GT(result.timings.prefill_ms, 0);
  EXPECT_GT(result.timings.prefill_tps, 0);
  EXPECT_GE(result.timings.first_token_ms, result.timings.prefill_ms);
  EXPECT_GT(result.timings.decode_ms, 0);
  EXPECT_NEAR(result.timings.decode_tps, 39 * 1000 / result.timings.decode_ms, 1e-6);
  Ids held = result.prompt_tokens;
  held.insert(held.end(), tokens.begin(), tokens.end());
  EXPECT_EQ(Ids(used.tokens().begin(), used.tokens().end()), held);
  EXPECT_FALSE(generation.next());
}

TEST_F(GenerationTest, GoingOnIsLikeOneLongRequest) {
  const GenerationResult whole = run({.max_tokens = 30, .ignore_eos = true});
  Session used = session();
  const auto first = ok(used.generate(kPrompt, {.max_tokens = 11, .ignore_eos = true}).result());
  const auto rest = ok(used.generate("", {.max_tokens = 19, .ignore_eos = true}).result());
  Ids tokens = first.tokens;
  tokens.insert(tokens.end(), rest.tokens.begin(), rest.tokens.end());
  EXPECT_EQ(tokens, whole.tokens);
  EXPECT_EQ(rest.usage.prompt_tokens, 0u);
}

TEST_F(GenerationTest, NothingComputedYetIsNothingToContinue) {
  EXPECT_EQ(code_of(session().generate("").result()), ErrorCode::invalid_argument);
  Session used = session();
  const auto logits = ok(used.append(Ids{5, 6, 7}));
  const auto best = static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  EXPECT_EQ(ok(used.generate("", {.max_tokens = 1}).result()).tokens, Ids{best});  // the last token is computed again
}

TEST_F(GenerationTest, EndOfGenerationToken) {
  const TokenId eos = *model_.tokenizer()->eos();
  const GenerationOptions forced{.max_tokens = 5, .logit_bias = {{eos, 1000}}};
  const GenerationResult result = run(forced);
  EXPECT_EQ(result.finish_reason, FinishReason::stop);
  EXPECT_EQ(result.tokens, Ids{eos});
  EXPECT_EQ(result.text, "");
  GenerationOptions on = forced;
  on.ignore_eos = true;
  const GenerationResult longer = run(on);
  EXPECT_EQ(longer.finish_reason, FinishReason::length);
  EXPECT_EQ(longer.tokens, Ids(5, eos));
  EXPECT_EQ(longer.text, "");
}

TEST_F(GenerationTest, StopString) {
  const GenerationOptions options{.max_tokens = 60, .ignore_eos = true};
  const std::string text = run(options).text;
  ASSERT_GT(text.size(), 30u);
  for (const size_t length : {1, 2, 5, 9}) {
    for (size_t at : {size_t{1}, text.size() / 2, text.size() - 12}) {
      const auto starts_character = [&](size_t i) {
        return i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
      };
      while (!starts_character(at)) ++at;
      size_t end = at + length;
      while (!starts_character(end)) ++end;
      const std::string stop = text.substr(at, end - at);
      GenerationOptions stopped = options;
      stopped.stop = {"never said", stop};
      Session used = session();
      Generation generation = used.generate(kPrompt, stopped);
      std::string streamed;
      for (const Piece& piece : generation) streamed += piece.text;
      const GenerationResult result = ok(generation.result());
      EXPECT_EQ(result.finish_reason, FinishReason::stop_string);
      EXPECT_EQ(result.stop_string, stop);
      EXPECT_EQ(result.text, text.substr(0, text.find(stop)));
      EXPECT_EQ(streamed, result.text);
    }
  }
}

TEST_F(GenerationTest, TextThatWasHeldBackComesAtTheEnd) {
  const GenerationResult whole = run({.max_tokens = 12, .ignore_eos = true});
  const GenerationResult held = run({.max_tokens = 12, .stop = {whole.text + "!"}, .ignore_eos = true});
  EXPECT_EQ(held.text, whole.text);
  EXPECT_EQ(held.finish_reason, FinishReason::length);

  // Cancelled while it holds text back: a closing piece without a token.
  CancelSource cancel;
  Session used = session();
  Generation generation =
      used.generate(kPrompt, {.max_tokens = 12, .stop = {whole.text + "!"}, .ignore_eos = true, .cancel = cancel.token()});
  std::string text;
  for (int i = 0; i < 8; ++i) text += generation.next()->text;
  cancel.cancel();
  const auto last = generation.next();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->token, Piece::kNoToken);
  const GenerationResult result = ok(generation.result());
  EXPECT_EQ(result.finish_reason, FinishReason::cancelled);
  EXPECT_EQ(result.text, text + last->text);
  EXPECT_EQ(result.tokens.size(), 8u);
  EXPECT_TRUE(whole.text.starts_with(result.text));
}

TEST_F(GenerationTest, LengthAndFullContext) {
  EXPECT_EQ(run({.max_tokens = 0}).finish_reason, FinishReason::length);
  EXPECT_EQ(run({.max_tokens = 0}).tokens.size(), 0u);
  const size_t n = run({.max_tokens = 0}).prompt_tokens.size();
  Session used = session({.context = n + 4});
  const auto result = ok(used.generate(kPrompt, {.max_tokens = 100, .ignore_eos = true}).result());
  EXPECT_EQ(result.finish_reason, FinishReason::length);
  EXPECT_EQ(result.tokens.size(), 4u);
  EXPECT_EQ(used.tokens().size(), used.context());
  EXPECT_TRUE(ok(used.generate("", {.ignore_eos = true}).result()).tokens.empty());
  EXPECT_EQ(code_of(used.generate("more").result()), ErrorCode::context_overflow);
  EXPECT_EQ(code_of(session({.context = n - 1}).generate(kPrompt).result()), ErrorCode::context_overflow);
}

TEST_F(GenerationTest, CancelAndDeadline) {
  CancelSource before;
  before.cancel();
  Session used = session();
  const auto none = ok(used.generate(kPrompt, {.cancel = before.token()}).result());
  EXPECT_EQ(none.finish_reason, FinishReason::cancelled);
  EXPECT_EQ(none.text, "");
  EXPECT_TRUE(used.tokens().empty());
  const auto late = ok(used.generate(kPrompt, {.deadline = Deadline::in(std::chrono::nanoseconds(0))}).result());
  EXPECT_EQ(late.finish_reason, FinishReason::deadline);
  EXPECT_TRUE(used.tokens().empty());

  const GenerationResult whole = run({.max_tokens = 20, .ignore_eos = true});
  CancelSource during;
  Generation generation = used.generate(kPrompt, {.max_tokens = 20, .ignore_eos = true, .cancel = during.token()});
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(generation.next());
  during.cancel();
  const GenerationResult part = ok(generation.result());
  EXPECT_EQ(part.finish_reason, FinishReason::cancelled);
  EXPECT_EQ(part.tokens, Ids(whole.tokens.begin(), whole.tokens.begin() + 7));
  EXPECT_TRUE(whole.text.starts_with(part.text));
  const auto rest = ok(used.generate("", {.max_tokens = 13, .ignore_eos = true}).result());
  EXPECT_EQ(rest.tokens, Ids(whole.tokens.begin() + 7, whole.tokens.end()));
}

TEST_F(GenerationTest, ErrorsWhileDecodingAreInTheResult) {
  Session used = session();
  Generation generation = used.generate(kPrompt, {.max_tokens = 20, .ignore_eos = true});
  std::string text;
  for (int i = 0; i < 5; ++i) text += generation.next()->text;
  ok(used.append(Ids{1}));
  EXPECT_FALSE(generation.next());
  EXPECT_EQ(code_of(generation.result()), ErrorCode::concurrent_use);
  EXPECT_EQ(generation.text(), text);
  EXPECT_FALSE(generation.next());

  GenerationOptions impossible{.max_tokens = 3};
  for (TokenId id = 0; id < 320; ++id) impossible.logit_bias.push_back({id, -INFINITY});
  EXPECT_EQ(code_of(session().generate(kPrompt, impossible).result()), ErrorCode::numeric_fault);
}

TEST_F(GenerationTest, FaultyOptionsComputeNothing) {
  Session used = session();
  Generation generation = used.generate(kPrompt, {.max_tokens = -3, .temperature = NAN});
  EXPECT_FALSE(generation.next());
  const auto refused = generation.result();
  ASSERT_EQ(code_of(refused), ErrorCode::invalid_argument);
  for (const char* field : {"max_tokens", "temperature"}) EXPECT_NE(refused.error().message.find(field), std::string::npos);
  EXPECT_EQ(code_of(used.generate(kPrompt, {.logit_bias = {{320, 1}}}).result()), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(used.generate(kPrompt, {.stop = {"\xA9"}}).result()), ErrorCode::invalid_argument);
  EXPECT_TRUE(used.tokens().empty());
}

TEST_F(GenerationTest, SeedsDecide) {
  const GenerationOptions options{.max_tokens = 30, .temperature = 1.5f, .top_k = 0, .ignore_eos = true};
  GenerationOptions seeded = options;
  seeded.seed = 42;
  const auto a = run(seeded), b = run(seeded);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.seed, 42u);
  const auto drawn = run(options), again = run(options);
  EXPECT_NE(drawn.seed, again.seed);
  EXPECT_NE(drawn.tokens, again.tokens);
  seeded.seed = drawn.seed;
  EXPECT_EQ(run(seeded).tokens, drawn.tokens);
}

TEST_F(GenerationTest, LogProbabilitiesAreTheModels) {
  Session used = session();
  const auto logits = ok(used.append(ok(model_.tokenizer()->encode(kPrompt))));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  // Whatever the sampling options are.
  Session other = session();
  Generation told = other.generate(kPrompt, {.max_tokens = 4, .temperature = 2, .seed = 3, .logprobs = 5, .ignore_eos = true});
  const auto piece = told.next();
  ASSERT_TRUE(piece && piece->logprob);
  EXPECT_EQ(piece->logprob->token, piece->token);
  EXPECT_NEAR(piece->logprob->logprob, logits[static_cast<size_t>(piece->token)] - std::log(sum), 1e-4);
  ASSERT_EQ(piece->top_logprobs.size(), 5u);
  EXPECT_EQ(piece->top_logprobs[0].token, std::max_element(logits.begin(), logits.end()) - logits.begin());
  for (const TokenLogprob& top : piece->top_logprobs)
    EXPECT_NEAR(top.logprob, logits[static_cast<size_t>(top.token)] - std::log(sum), 1e-4);
  const auto chosen_only = session().generate(kPrompt, {.max_tokens = 1, .logprobs = 0}).next();
  EXPECT_TRUE(chosen_only->logprob && chosen_only->top_logprobs.empty());
}

TEST_F(GenerationTest, ThreadsDoNotChangeTokens) {
  Ids wanted;
  for (const size_t threads : {1, 2, 3, 8}) {
    const Model model = tiny({}, {}, make_engine(threads));
    Session used = ok(model.new_session());
    const auto result = ok(used.generate(kPrompt, {.max_tokens = 50, .temperature = 0.9f, .seed = 5, .ignore_eos = true}).result());
    if (wanted.empty()) wanted = result.tokens;
    EXPECT_EQ(result.tokens, wanted) << threads;
  }
}

TEST(Generation, IsTraced) {
  TraceRecorder trace;
  const Model model = tiny({}, {.warm_up = false}, ok(Engine::make({.threads = 2, .trace = &trace})));
  Session session = ok(model.new_session());
  ok(session.generate(kPrompt, {.max_tokens = 3, .ignore_eos = true}).result());
  const auto events = trace.events();
  const auto count = [&](std::string_view name) {
    return std::count_if(events.begin(), events.end(), [&](const auto& e) { return name == e.name; });
  };
  EXPECT_EQ(count("request"), 1);
  EXPECT_EQ(count("tokenize"), 1);
  EXPECT_EQ(count("prefill"), 1);
  EXPECT_EQ(count("step"), 3);
  EXPECT_EQ(count("layer"), 2 * 3);  // the prefill gives the first token
  EXPECT_STREQ(events.back().name, "request");
  EXPECT_EQ(events.back().depth, 0u);
  for (const auto& event : events) {
    if (std::string_view(event.name) == "step" || std::string_view(event.name) == "tokenize") EXPECT_EQ(event.depth, 1u);
    if (std::string_view(event.name) == "attention") EXPECT_EQ(event.depth, 3u);
  }
}

}  // namespace
}  // namespace sotto
