// Sessions: the same tokens give the same bits however they came in; what fails leaves the timeline as it was.
#include "api/api_test.h"

namespace sotto {
namespace {

using test::code_of;
using test::Ids;
using test::make_engine;
using test::ok;
using test::some_tokens;
using test::tiny;

using Logits = std::vector<float>;

Logits append_in_pieces(Session& session, std::span<const TokenId> tokens, size_t piece) {
  Logits logits;
  for (size_t at = 0; at < tokens.size(); at += piece)
    logits = ok(session.append(tokens.subspan(at, std::min(piece, tokens.size() - at))));
  return logits;
}

bool same_bits(const Logits& a, const Logits& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// A model whose layers have windows where the data is there, else one without.
struct Case {
  const char* name;
  CacheType cache;
  const char* anchor;  // a folder; nullptr: the tiny llama
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class SessionOf : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Engine engine = make_engine();
    if (!GetParam().anchor) {
      model_ = tiny({}, {}, engine);
      return;
    }
    SOTTO_NEEDS(folder, test::anchor(GetParam().anchor));
    model_ = ok(Model::open(folder, {.tokenizer_required = false}, engine));
  }
  Session session(size_t chunk = 8, size_t context = 160) const {
    return ok(model_->new_session({.context = context, .cache = GetParam().cache, .prefill_chunk = chunk}));
  }
  Ids tokens(size_t n, uint32_t seed = 1) const {
    Ids ids = some_tokens(n, seed);
    for (TokenId& id : ids) id = static_cast<TokenId>(static_cast<size_t>(id) % model_->info().n_vocab);
    return ids;
  }
  std::optional<Model> model_;
};

TEST_P(SessionOf, AnyCutGivesTheSameBits) {
  const Ids ids = tokens(130);
  const size_t n_vocab = model_->info().n_vocab;
  Session whole = session(130);
  const Logits all = ok(whole.append_all_logits(ids));
  ASSERT_EQ(all.size(), ids.size() * n_vocab);
  for (const size_t chunk : {1, 7, 64, 130}) {
    for (const size_t piece : {1, 7, 64, 130}) {
      Session cut = session(chunk);
      const Logits last = append_in_pieces(cut, ids, piece);
      EXPECT_TRUE(same_bits(last, Logits(all.end() - static_cast<std::ptrdiff_t>(n_vocab), all.end()))) << chunk << " " << piece;
    }
    Session cut = session(chunk);
    EXPECT_TRUE(same_bits(ok(cut.append_all_logits(ids)), all)) << chunk;
  }
}

TEST_P(SessionOf, RewindGoesOnLikeAFreshSession) {
  const Ids ids = tokens(120), other = tokens(20, 9);
  Session used = session();
  append_in_pieces(used, ids, 5);
  // Back by less than a ring keeps beyond its window, by more, to the start, and again.
  for (const size_t n : {118, 113, 90, 40, 16, 1, 0}) {
    ok(used.rewind(n));
    EXPECT_EQ(used.tokens().size(), n);
    Session fresh = session();
    if (n > 0) ok(fresh.append(std::span(ids).first(n)));
    EXPECT_TRUE(same_bits(ok(used.append(other)), ok(fresh.append(other)))) << n;
    ok(used.rewind(n));
    if (n == 0) break;
    // Forward to where the next round starts.
    ok(used.append(std::span(ids).subspan(n)));
  }
  EXPECT_EQ(code_of(used.rewind(used.tokens().size() + 1)), ErrorCode::invalid_argument);
}

TEST_P(SessionOf, ForksGoTheirOwnWay) {
  const Ids ids = tokens(70), left = tokens(30, 3), right = tokens(30, 4);
  Session first = session();
  ok(first.append(ids));
  Session second = ok(first.fork());
  EXPECT_EQ(Ids(second.tokens().begin(), second.tokens().end()), ids);
  EXPECT_EQ(second.memory().total_bytes(), first.memory().total_bytes());
  const Logits a = append_in_pieces(first, left, 3), b = append_in_pieces(second, right, 4);
  for (const auto& [logits, rest] : {std::pair{a, left}, {b, right}}) {
    Session fresh = session();
    ok(fresh.append(ids));
    EXPECT_TRUE(same_bits(ok(fresh.append(rest)), logits));
  }
  ok(second.rewind(20));
  Session third = ok(second.fork());
  EXPECT_TRUE(same_bits(ok(third.append(left)), ok(second.append(left))));
}

TEST_P(SessionOf, CancelledAppendChangesNothing) {
  const Ids ids = tokens(60), more = tokens(80, 5);
  Session session_a = session(), session_b = session();
  ok(session_a.append(ids));
  ok(session_b.append(ids));
  CancelSource cancel;
  cancel.cancel();
  EXPECT_EQ(code_of(session_a.append(more, {cancel.token(), {}})), ErrorCode::cancelled);
  for (const int delay_us : {0, 30, 100, 300, 1000}) {  // somewhere on the way, or not at all
    const auto stopped = session_a.append(more, {{}, Deadline::in(std::chrono::microseconds(delay_us))});
    if (stopped)
      ok(session_a.rewind(ids.size()));
    else
      EXPECT_EQ(stopped.error().code, ErrorCode::deadline_exceeded);
  }
  EXPECT_EQ(Ids(session_a.tokens().begin(), session_a.tokens().end()), ids);
  EXPECT_TRUE(same_bits(ok(session_a.append(more)), ok(session_b.append(more))));
}

INSTANTIATE_TEST_SUITE_P(All, SessionOf,
                         testing::Values(Case{"f32", CacheType::f32, nullptr}, Case{"f16", CacheType::f16, nullptr},
                                         Case{"q8_0", CacheType::q8_0, nullptr},
                                         Case{"windows_f32", CacheType::f32, "transformers/gemma3"},
                                         Case{"windows_f16", CacheType::f16, "transformers/gemma3"},
                                         Case{"windows_q8_0", CacheType::q8_0, "transformers/gemma3"},
                                         Case{"all_windows", CacheType::f16, "transformers/mistral"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Session, OverflowIsToldBeforeAnythingIsComputed) {
  const Model model = tiny();
  Session session = ok(model.new_session({.context = 20}));
  EXPECT_EQ(session.context(), 20u);
  ok(session.append(some_tokens(15)));
  const auto overflow = session.append(some_tokens(6));
  EXPECT_EQ(code_of(overflow), ErrorCode::context_overflow);
  EXPECT_NE(overflow.error().message.find("20"), std::string::npos);
  EXPECT_EQ(session.tokens().size(), 15u);
  ok(session.append(some_tokens(5)));
  EXPECT_EQ(code_of(session.append(some_tokens(1))), ErrorCode::context_overflow);
}

TEST(Session, IdsOutsideTheVocabularyAreRefused) {
  const Model model = tiny();
  Session session = ok(model.new_session());
  for (const TokenId wrong : {-1, 320, INT32_MAX, INT32_MIN}) {
    const auto refused = session.append(Ids{1, wrong});
    EXPECT_EQ(code_of(refused), ErrorCode::invalid_argument);
    EXPECT_NE(refused.error().message.find(std::to_string(wrong)), std::string::npos);
    EXPECT_EQ(code_of(session.append_all_logits(Ids{wrong})), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(session.generate(Ids{1, wrong}).result()), ErrorCode::invalid_argument);
  }
  EXPECT_EQ(code_of(session.append({})), ErrorCode::invalid_argument);
  EXPECT_TRUE(ok(session.append_all_logits({})).empty());
  EXPECT_TRUE(session.tokens().empty());
}

TEST(Session, ContextIsTheModelsUnlessAsked) {
  EXPECT_EQ(ok(tiny({.context_length = 100}).new_session()).context(), 100u);
  EXPECT_EQ(ok(tiny({.context_length = 100'000}).new_session()).context(), 4096u);
  EXPECT_EQ(ok(tiny({.context_length = 100}).new_session({.context = 300})).context(), 300u);  // rotary positions have no end
  SOTTO_NEEDS(folder, test::anchor("transformers/gpt2"));
  const Model model = ok(Model::open(folder, {.tokenizer_required = false}, make_engine()));
  EXPECT_EQ(code_of(model.new_session({.context = model.info().max_context + 1})), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sotto
