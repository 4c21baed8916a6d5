#include "sampling/steps.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace sotto::sampling {
namespace {

using History = std::span<const TokenId>;

void add_bias(Candidates& candidates, const GenerationOptions& options, History) {
  const auto logits = candidates.logits();
  for (const LogitBias& bias : options.logit_bias) logits[static_cast<size_t>(bias.token)] += bias.bias;
}

// Repetition counts once however often a token occurs, and pushes down on either side of zero.
void penalize(Candidates& candidates, const GenerationOptions& options, History history) {
  const auto logits = candidates.logits();
  const auto counts = candidates.scratch();
  const auto window = static_cast<uint64_t>(options.penalty_window);  // -1, all, becomes the largest number
  const History recent = history.last(static_cast<size_t>(std::min<uint64_t>(window, history.size())));
  const auto for_each_recent = [&](auto visit) {
    for (const TokenId token : recent) {
      if (token >= 0 && static_cast<size_t>(token) < logits.size()) visit(logits[token], counts[token]);
    }
  };
  for_each_recent([](float&, int32_t& count) { count = 0; });
  for_each_recent([](float&, int32_t& count) { ++count; });
  for_each_recent([&](float& logit, int32_t& count) {
    if (count == 0) return;  // done
    logit = logit > 0 ? logit / options.repeat_penalty : logit * options.repeat_penalty;
    logit -= static_cast<float>(count) * options.frequency_penalty + options.presence_penalty;
    count = 0;
  });
}

void keep_best(Candidates& candidates, const GenerationOptions&, History) {
  candidates.narrow_to_best(1);
}

void keep_top_k(Candidates& candidates, const GenerationOptions& options, History) {
  const auto k = static_cast<uint64_t>(options.top_k);
  if (k < candidates.logits().size()) candidates.narrow_to_best(static_cast<size_t>(k));
}

void scale(Candidates& candidates, const GenerationOptions& options, History) {
  const auto logits = candidates.logits();
  const float largest = candidates.kernels().max(logits.data(), logits.size());
  // Relative to the largest one, a tiny temperature overflows to -infinity only.
  for (float& logit : logits) logit = (logit - largest) / options.temperature;
}

// The nucleus ends at a probability, and of those equal to it takes the first few.
struct Cut {
  float probability;
  uint64_t n_equal;
};

// Radix selection on the bits of the probabilities, which order as they do: three passes, no sorting, however flat they are.
// `wanted`: 1 to the total mass.
Cut nucleus_end(std::span<const float> probabilities, uint64_t wanted) {
  constexpr uint32_t kDigitBits = 10, kDigits = 1 << kDigitBits;  // 30 bits hold every number up to 1
  uint32_t known = 0, known_mask = 0;
  for (int shift = 2 * kDigitBits; shift >= 0; shift -= kDigitBits) {
    std::array<uint64_t, kDigits> masses{};
    for (const float p : probabilities) {
      const auto bits = std::bit_cast<uint32_t>(p);
      if ((bits & known_mask) == known) masses[(bits >> shift) % kDigits] += mass(p);
    }
    uint32_t digit = kDigits - 1;
    while (masses[digit] < wanted) wanted -= masses[digit--];
    known |= digit << shift;
    known_mask |= (kDigits - 1) << shift;
  }
  const auto probability = std::bit_cast<float>(known);
  return {probability, (wanted + mass(probability) - 1) / mass(probability)};
}

void keep_top_p(Candidates& candidates, const GenerationOptions& options, History) {
  const auto probabilities = candidates.relative_probabilities();
  const uint64_t total = Candidates::total_mass(probabilities);
  if (total == 0) return;
  const auto share = static_cast<uint64_t>(static_cast<double>(options.top_p) * static_cast<double>(total));
  const Cut end = nucleus_end(probabilities, std::max<uint64_t>(share, 1));
  uint64_t n_equal = 0;
  candidates.narrow([&](size_t i) {
    return probabilities[i] > end.probability || (probabilities[i] == end.probability && n_equal++ < end.n_equal);
  });
}

void keep_min_p(Candidates& candidates, const GenerationOptions& options, History) {
  const auto probabilities = candidates.relative_probabilities();
  const float least = std::min(options.min_p, 1.0f);  // the best one stays
  candidates.narrow([&](size_t i) { return probabilities[i] >= least; });
}

// top_k looks at nothing but the order, which a temperature keeps: put before it, it leaves few logits to scale.
constexpr std::array kSteps = {
    SamplingStep{"logit_bias", [](const GenerationOptions& o) { return !o.logit_bias.empty(); }, add_bias},
    SamplingStep{
        "penalties",
        [](const GenerationOptions& o) { return o.repeat_penalty != 1 || o.frequency_penalty != 0 || o.presence_penalty != 0; },
        penalize},
    SamplingStep{"greedy", [](const GenerationOptions& o) { return o.temperature == 0; }, keep_best},
    SamplingStep{"top_k", [](const GenerationOptions& o) { return o.top_k > 0; }, keep_top_k},
    SamplingStep{"temperature", [](const GenerationOptions& o) { return o.temperature != 0 && o.temperature != 1; }, scale},
    SamplingStep{"top_p", [](const GenerationOptions& o) { return o.top_p < 1; }, keep_top_p},
    SamplingStep{"min_p", [](const GenerationOptions& o) { return o.min_p > 0; }, keep_min_p},
};

}  // namespace

std::span<const SamplingStep> sampling_steps() noexcept {
  return kSteps;
}

}  // namespace sotto::sampling
