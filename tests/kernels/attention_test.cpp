// Attention against the oracle, and the same bits for every target, cut of the tokens and cut of the heads.
#include <algorithm>

#include "kernels/kernel_test.h"

namespace sotto::kernels {
namespace {

constexpr KvType kKvTypes[] = {KvType::f32, KvType::f16, KvType::q8_0};

quant::DType stored_type(KvType type) {
  constexpr quant::DType kTypes[] = {quant::DType::f32, quant::DType::f16, quant::DType::q8_0};
  return kTypes[static_cast<size_t>(type)];
}

struct Setting {
  size_t n_heads, n_tokens, first_position, window;
  float soft_cap = 0.0f;
};

constexpr Setting kSettings[] = {
    {1, 1, 0, 0},     {3, 1, 200, 0},  {9, 7, 61, 0},     {2, 70, 0, 0},  {4, 33, 100, 0, 30.0f},
    {5, 70, 130, 16}, {7, 20, 63, 64}, {1, 65, 64, 100},  {6, 3, 5, 1},   {8, 9, 200, 128, 5.0f},
    {2, 70, 3, 200},  {1, 1, 63, 0},   {1, 1, 64, 0},     {65, 2, 10, 0}, {40, 5, 128, 33},
    {3, 70, 700, 0},  {2, 9, 250, 0},  {3, 20, 507, 258}, {2, 3, 511, 1},
};
constexpr size_t kHeadDims[] = {8, 16, 24, 33, 64, 80, 100, 128, 256};

// Whatever no token may see is NaN.
class Cache {
 public:
  Cache(const KernelTable& kernels, KvType type, size_t head_dim, const Setting& setting, float scale)
      : type_(type), head_dim_(head_dim) {
    const size_t end = setting.first_position + setting.n_tokens;
    // A ring that is just large enough for all tokens of the run; with no window all positions.
    const size_t n_seen = setting.window == 0 ? end : std::min(end, setting.window + setting.n_tokens - 1);
    n_slots_ = (n_seen + kKvTile - 1) / kKvTile * kKvTile;
    keys_.floats = random_floats(end * head_dim, 11, scale);
    values_.floats = random_floats(end * head_dim, 12);
    for (Rows* rows : {&keys_, &values_}) rows->bytes.assign(n_slots_ * kv_row_bytes(type, head_dim), std::byte{0xff});
    for (size_t p = end - n_seen; p < end; ++p) {
      float* const key = keys_.floats.data() + p * head_dim;
      float* const value = values_.floats.data() + p * head_dim;
      kernels.kv_store(type, key, value, head_dim, p % n_slots_, keys_.bytes.data(), values_.bytes.data());
      for (float* row : {key, value}) round(row);
    }
  }

  AttentionArgs args() const {
    AttentionArgs args{};
    args.keys = keys_.bytes.data();
    args.values = values_.bytes.data();
    args.kv_type = type_;
    args.n_slots = n_slots_;
    args.head_dim = head_dim_;
    return args;
  }
  KvType type() const { return type_; }
  const float* keys() const { return keys_.floats.data(); }  // (positions, head_dim) as stored
  const float* values() const { return values_.floats.data(); }

 private:
  struct Rows {
    std::vector<std::byte> bytes;
    std::vector<float> floats;
  };
  // As the codec of the type stores it.
  void round(float* row) const {
    const quant::TypeInfo& codec = quant::info(stored_type(type_));
    std::vector<float> padded((head_dim_ + codec.block_size - 1) / codec.block_size * codec.block_size);
    std::copy_n(row, head_dim_, padded.data());
    std::vector<std::byte> bytes(padded.size() / codec.block_size * codec.block_bytes);
    codec.encode(padded.data(), padded.size(), bytes.data());
    codec.decode(bytes.data(), padded.size(), padded.data());
    std::copy_n(padded.data(), head_dim_, row);
  }

  KvType type_;
  size_t head_dim_, n_slots_;
  Rows keys_, values_;
};

struct Pass {
  Setting setting;
  size_t head_dim;
  const Cache& cache;
  std::vector<float> queries;  // (n_tokens, n_heads, head_dim)
  float scale;

  Pass(const Setting& s, size_t dim, const Cache& c)
      : setting(s),
        head_dim(dim),
        cache(c),
        queries(random_floats(s.n_tokens * s.n_heads * dim, 13)),
        scale(1.0f / std::sqrt(static_cast<float>(dim))) {}

  /// Tokens [token, token + n_tokens) of heads [head, head + n_heads) into their places of `out`.
  void compute(const KernelTable& kernels, size_t token, size_t n_tokens, size_t head, size_t n_heads,
               std::vector<float>& out) const {
    std::vector<float> scratch(kernels.attention_scratch_floats(n_heads, head_dim), NAN);
    AttentionArgs args = cache.args();
    const size_t stride = setting.n_heads * head_dim, start = token * stride + head * head_dim;
    args.queries = queries.data() + start;
    args.query_stride = args.out_stride = stride;
    args.n_tokens = n_tokens;
    args.n_heads = n_heads;
    args.first_position = setting.first_position + token;
    args.window = setting.window;
    args.scale = scale;
    args.soft_cap = setting.soft_cap;
    args.out = out.data() + start;
    args.scratch = scratch.data();
    kernels.attention(args);
  }
  /// The last token, its spans computed one by one, the last first.
  std::vector<float> last_token_by_spans(const KernelTable& kernels) const {
    std::vector<float> scratch(kernels.attention_scratch_floats(setting.n_heads, head_dim), NAN);
    AttentionArgs args = cache.args();
    args.queries = queries.data() + (setting.n_tokens - 1) * setting.n_heads * head_dim;
    args.n_tokens = 1;
    args.n_heads = setting.n_heads;
    args.first_position = setting.first_position + setting.n_tokens - 1;
    args.window = setting.window;
    args.scale = scale;
    args.soft_cap = setting.soft_cap;
    args.scratch = scratch.data();
    const size_t end = args.first_position + 1, begin = setting.window == 0 || end < setting.window ? 0 : end - setting.window;
    const size_t first = begin / kKvSpan, n_spans = args.first_position / kKvSpan - first + 1;
    const size_t state_floats = setting.n_heads * kernels.attention_state_floats(head_dim);
    std::vector<float> states(n_spans * state_floats, NAN), out(setting.n_heads * head_dim, NAN);
    for (size_t span = n_spans; span-- > 0;) kernels.attention_span(args, first + span, states.data() + span * state_floats);
    kernels.attention_merge(states.data(), n_spans, setting.n_heads, head_dim, out.data());
    return out;
  }
  std::vector<float> whole(const KernelTable& kernels) const {
    std::vector<float> out(queries.size(), NAN);
    compute(kernels, 0, setting.n_tokens, 0, setting.n_heads, out);
    return out;
  }
  std::vector<double> oracle() const {
    std::vector<double> out;
    for (size_t row = 0; row < setting.n_tokens * setting.n_heads; ++row) {
      const size_t end = setting.first_position + row / setting.n_heads + 1;
      const auto one = reference::attention({.query = queries.data() + row * head_dim,
                                             .keys = cache.keys(),
                                             .values = cache.values(),
                                             .head_dim = head_dim,
                                             .first = setting.window == 0 || end < setting.window ? 0 : end - setting.window,
                                             .end = end,
                                             .scale = scale,
                                             .soft_cap = setting.soft_cap});
      out.insert(out.end(), one.begin(), one.end());
    }
    return out;
  }
};

class AttentionTest : public PerTarget {
 protected:
  /// Every setting with every type of cache; the head sizes take turns.
  template <class Check>
  static void for_each_pass(Check check) {
    size_t turn = 0;
    for (const Setting& setting : kSettings) {
      for (const KvType type : kKvTypes) {
        const size_t head_dim = kHeadDims[turn++ % std::size(kHeadDims)];
        SCOPED_TRACE(testing::Message() << "heads " << setting.n_heads << " tokens " << setting.n_tokens << " first position "
                                        << setting.first_position << " window " << setting.window << " head_dim " << head_dim
                                        << " kv type " << static_cast<int>(type));
        const Cache cache(table(), type, head_dim, setting, 1.0f);
        check(Pass(setting, head_dim, cache));
      }
      ++turn;
    }
  }
};

// Scores are normal numbers below 8, rounded head_dim times in float: weights err by a few 2^-24 * 8 relative, values are below 4.
// Beside codes, queries and weights have 16 bits: a score errs by 2^-16 of the largest query, 4, and keys add up like noise.
double tolerance(KvType type) {
  return type == KvType::q8_0 ? 4 * 4 * 0x1p-16 : 4 * 8 * 4 * 0x1p-24;
}

TEST_P(AttentionTest, IsTheFormula) {
  for_each_pass([](const Pass& pass) { EXPECT_TRUE(all_near(pass.whole(table()), pass.oracle(), tolerance(pass.cache.type()))); });
}

TEST_P(AttentionTest, EveryTypeWithEveryHeadSize) {
  constexpr Setting kShort{3, 5, 60, 40};
  for (const size_t head_dim : kHeadDims) {
    for (const KvType type : kKvTypes) {
      const Cache cache(table(), type, head_dim, kShort, 1.0f);
      const Pass pass(kShort, head_dim, cache);
      const std::vector<float> whole = pass.whole(table());
      EXPECT_TRUE(all_near(whole, pass.oracle(), tolerance(type))) << head_dim << " kv type " << static_cast<int>(type);
      // Up to four rows take another way to the same bits: 3, then 2 and 1.
      for (const size_t heads : {kShort.n_heads, size_t{2}, size_t{1}}) {
        std::vector<float> out(whole.size(), NAN);
        for (size_t token = 0; token < kShort.n_tokens; ++token)
          for (size_t head = 0; head < kShort.n_heads; head += heads)
            pass.compute(table(), token, 1, head, std::min(heads, kShort.n_heads - head), out);
        EXPECT_TRUE(same_bits(out, whole)) << head_dim << " kv type " << static_cast<int>(type) << " heads " << heads;
      }
    }
  }
}

TEST_P(AttentionTest, SameBitsAsScalar) {
  for_each_pass([](const Pass& pass) { EXPECT_TRUE(same_bits(pass.whole(table()), pass.whole(slowest()))); });
}

TEST_P(AttentionTest, TokensInPiecesGiveTheSameBits) {
  for_each_pass([](const Pass& pass) {
    const std::vector<float> whole = pass.whole(table());
    for (const size_t piece : {1, 3, 16, 64}) {
      std::vector<float> out(whole.size(), NAN);
      for (size_t token = 0; token < pass.setting.n_tokens; token += piece) {
        pass.compute(table(), token, std::min(piece, pass.setting.n_tokens - token), 0, pass.setting.n_heads, out);
      }
      EXPECT_TRUE(same_bits(out, whole)) << "in pieces of " << piece;
    }
  });
}

TEST_P(AttentionTest, HeadsInPiecesGiveTheSameBits) {
  for_each_pass([](const Pass& pass) {
    const size_t n_heads = pass.setting.n_heads, first = n_heads / 3;
    std::vector<float> out(pass.queries.size(), NAN);
    if (first > 0) pass.compute(table(), 0, pass.setting.n_tokens, 0, first, out);
    pass.compute(table(), 0, pass.setting.n_tokens, first, n_heads - first, out);
    EXPECT_TRUE(same_bits(out, pass.whole(table())));
  });
}

TEST_P(AttentionTest, SpansGiveTheSameBits) {
  for_each_pass([](const Pass& pass) {
    const std::vector<float> last = pass.last_token_by_spans(table()), whole = pass.whole(table());
    EXPECT_TRUE(same_bits(last, std::vector<float>(whole.end() - static_cast<ptrdiff_t>(last.size()), whole.end())));
  });
}

// One key far above all others: its value comes out as it is, whatever came before it.
TEST_P(AttentionTest, LargeScoresSelectOneValue) {
  constexpr Setting kSetting{2, 3, 150, 0};
  const Cache cache(table(), KvType::f32, 24, kSetting, 3000.0f);
  const Pass pass(kSetting, 24, cache);
  const std::vector<float> out = pass.whole(table());
  EXPECT_TRUE(all_near(out, pass.oracle(), 4e-3));
  for (const float x : out) EXPECT_TRUE(std::isfinite(x));
}

// Some keys far above the others, in other tiles than those: what is small beside them still counts.
TEST_P(AttentionTest, SmallWeightsCountBesideLargeOnes) {
  constexpr Setting kSetting{3, 2, 400, 0};
  for (const KvType type : kKvTypes) {
    const Cache cache(table(), type, 64, kSetting, 6.0f);
    const Pass pass(kSetting, 64, cache);
    EXPECT_TRUE(all_near(pass.whole(table()), pass.oracle(), 6 * tolerance(type))) << "kv type " << static_cast<int>(type);
  }
}

TEST_P(AttentionTest, QueriesOfZeroSeeTheMean) {
  constexpr Setting kSetting{2, 3, 90, 70};
  for (const KvType type : kKvTypes) {
    const Cache cache(table(), type, 33, kSetting, 1.0f);
    Pass pass(kSetting, 33, cache);
    std::fill(pass.queries.begin(), pass.queries.end(), 0.0f);
    EXPECT_TRUE(all_near(pass.whole(table()), pass.oracle(), tolerance(type))) << "kv type " << static_cast<int>(type);
  }
}

// A fault in a query is not hidden by the maximum, which passes over NaN.
TEST_P(AttentionTest, FaultsStayVisible) {
  constexpr Setting kSetting{2, 2, 20, 0};
  for (const KvType type : kKvTypes) {
    const Cache cache(table(), type, 16, kSetting, 1.0f);
    for (const float fault : {NAN, HUGE_VALF}) {
      Pass pass(kSetting, 16, cache);
      pass.queries[5] = fault;
      const std::vector<float> out = pass.whole(table());
      EXPECT_FALSE(std::isfinite(out[0])) << "kv type " << static_cast<int>(type);
      EXPECT_TRUE(std::isfinite(out[16])) << "the other head has no part in it";
    }
  }
}

SOTTO_PER_TARGET(AttentionTest);

}  // namespace
}  // namespace sotto::kernels
