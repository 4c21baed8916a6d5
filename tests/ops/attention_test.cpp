// attention() against softmax in double: shared heads, windows, rings, caps, any cut and number of threads.
#include "ops/attention.h"

#include "ops_test.h"

namespace sotto::ops {
namespace {

struct Case {
  size_t n_heads, n_kv_heads, head_dim, window, n_slots, n_tokens;
  float soft_cap = 0;
};

class Problem {
 public:
  explicit Problem(const Case& c)
      : c_(c),
        queries_(random_floats(c.n_tokens * q_dim(), 1)),
        keys_(random_floats(c.n_tokens * kv_dim(), 2)),
        values_(random_floats(c.n_tokens * kv_dim(), 3)) {}

  // Keys and values enter a cache run by run, as forward() does it. out: (n_tokens, q_dim)
  std::vector<float> attend(Machine& machine, size_t run) const {
    const OpContext context = machine.context();
    KvView cache;
    cache.n_slots = c_.n_slots;
    cache.head_bytes = c_.n_slots * kernels::kv_row_bytes(kernels::KvType::f32, c_.head_dim);
    std::vector<float> storage(2 * c_.n_kv_heads * c_.n_slots * c_.head_dim, NAN);
    cache.keys = reinterpret_cast<std::byte*>(storage.data());
    cache.values = cache.keys + c_.n_kv_heads * cache.head_bytes;
    const AttentionShape shape{c_.n_heads, c_.n_kv_heads, c_.head_dim, c_.window, scale(), c_.soft_cap};
    std::vector<float> scratch(
        static_cast<size_t>(attention_scratch_floats(context.kernels, shape, most_seen(), machine.pool.size())));
    std::vector<float> out(c_.n_tokens * q_dim());
    for (size_t first = 0; first < c_.n_tokens; first += run) {
      const size_t n = std::min(run, c_.n_tokens - first);
      for (size_t t = first; t < first + n; ++t)
        for (size_t h = 0; h < c_.n_kv_heads; ++h) {
          const size_t at = h * cache.head_bytes, from = t * kv_dim() + h * c_.head_dim;
          context.kernels.kv_store(cache.type, keys_.data() + from, values_.data() + from, c_.head_dim, t % c_.n_slots,
                                   cache.keys + at, cache.values + at);
        }
      attention(context, shape, cache, queries_.data() + first * q_dim(), q_dim(), n, first, out.data() + first * q_dim(), q_dim(),
                scratch.data());
    }
    return out;
  }

  double expected(size_t t, size_t head, size_t d) const {
    const size_t kv_head = head / (c_.n_heads / c_.n_kv_heads);
    const size_t begin = c_.window == 0 || t < c_.window ? 0 : t - c_.window + 1;
    double total = 0, sum = 0;
    for (size_t p = begin; p <= t; ++p) {
      double score = 0;
      for (size_t i = 0; i < c_.head_dim; ++i)
        score += double{queries_[t * q_dim() + head * c_.head_dim + i]} * keys_[p * kv_dim() + kv_head * c_.head_dim + i];
      score *= scale();
      if (c_.soft_cap > 0) score = c_.soft_cap * std::tanh(score / c_.soft_cap);
      total += std::exp(score);
      sum += std::exp(score) * values_[p * kv_dim() + kv_head * c_.head_dim + d];
    }
    return sum / total;
  }

  size_t q_dim() const { return c_.n_heads * c_.head_dim; }

 private:
  size_t kv_dim() const { return c_.n_kv_heads * c_.head_dim; }
  static float scale() { return 1.7f; }
  size_t most_seen() const { return c_.window == 0 ? c_.n_tokens : std::min(c_.window, c_.n_tokens); }

  Case c_;
  std::vector<float> queries_, keys_, values_;
};

const Case kCases[] = {
    {1, 1, 2, 0, 64, 20},       {4, 2, 24, 0, 128, 90},  {9, 3, 64, 0, 128, 70},
    {4, 1, 256, 16, 64, 150},   {3, 1, 10, 5, 64, 150},  {2, 2, 16, 70, 128, 300, 2},
    {128, 1, 8, 0, 64, 20, 50}, {6, 2, 16, 0, 640, 600}, {4, 1, 16, 258, 320, 600},  // several spans; three in a window of 258
};

TEST(Attention, IsTheWeightedMeanOfWhatIsSeen) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.n_heads << "/" << c.n_kv_heads << " heads of " << c.head_dim << ", window " << c.window);
    const Problem problem(c);
    Machine machine(2);
    const std::vector<float> out = problem.attend(machine, 8);
    for (size_t t = 0; t < c.n_tokens; ++t)
      for (size_t i = 0; i < problem.q_dim(); ++i)
        ASSERT_NEAR(out[t * problem.q_dim() + i], problem.expected(t, i / c.head_dim, i % c.head_dim), 1e-5)
            << "token " << t << ", number " << i;
  }
}

TEST(Attention, CutsAndThreadsDoNotChangeABit) {
  for (const Case& c : kCases) {
    const Problem problem(c);
    Machine one;
    const std::vector<float> expected = problem.attend(one, 8);
    for (const size_t n_threads : {1, 2, 3, 8}) {
      Machine machine(n_threads);
      for (const size_t piece : {1, 3, 8})
        EXPECT_EQ(problem.attend(machine, piece), expected) << n_threads << " threads, runs of " << piece;
      if (c.n_slots >= c.n_tokens) EXPECT_EQ(problem.attend(machine, c.n_tokens), expected) << n_threads << " threads, one run";
    }
  }
}

}  // namespace
}  // namespace sotto::ops
