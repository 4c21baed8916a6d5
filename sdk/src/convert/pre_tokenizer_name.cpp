#include "convert/pre_tokenizer_name.h"

#include <algorithm>

#include "text/pretokenizers.h"

namespace sotto::convert {
namespace {

using text::CharSet;
using text::NormalizerStep;
using text::RunRule;
using text::SplitRule;
using text::WordRule;

// One for each way of cutting, the best known first.
constexpr std::string_view kNames[] = {"gpt-2",        "llama-bpe",      "qwen2",       "smollm",    "tekken", "gpt-4o",
                                       "dbrx",         "stablelm2",      "qwen35",      "falcon",    "bloom",  "viking",
                                       "deepseek-llm", "deepseek-coder", "deepseek-v3", "seed-coder"};

bool same(const CharSet& a, const CharSet& b) noexcept {
  return a.classes == b.classes && a.negated == b.negated &&
         std::equal(a.ranges.begin(), a.ranges.end(), b.ranges.begin(), b.ranges.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.last == y.last; });
}
bool same(const RunRule& a, const RunRule& b) noexcept {
  return same(a.set, b.set) && a.lead == b.lead && a.min == b.min && a.max == b.max && a.at_line_end == b.at_line_end;
}
bool same(const WordRule& a, const WordRule& b) noexcept {
  return a.punctuated_word == b.punctuated_word && a.contractions == b.contractions && a.blank_leads == b.blank_leads &&
         a.no_lead == b.no_lead && a.letters == b.letters && a.max_digits == b.max_digits &&
         a.blank_leads_digits == b.blank_leads_digits && same(a.punctuation, b.punctuation) &&
         a.punctuation_tail == b.punctuation_tail && a.line_ends == b.line_ends;
}
bool same_rule(const SplitRule& a, const SplitRule& b) noexcept {
  if (a.kind != b.kind) return false;
  return a.kind == SplitRule::Kind::word ? same(a.word, b.word) : same(a.run, b.run);
}

}  // namespace

std::string_view pre_tokenizer_name(const Tokenizer::Impl& tokenizer) noexcept {
  const auto& steps = tokenizer.normalizer.steps;
  const bool nfc = steps.size() == 1 && steps[0].kind == NormalizerStep::Kind::nfc;
  if ((!steps.empty() && !nfc) || !tokenizer.marks.steps.empty()) return {};
  for (const std::string_view name : kNames) {
    const text::NamedPreTokenizer* row = text::find_pre_tokenizer(name);
    if (row && row->nfc == nfc && row->ignore_merges == tokenizer.bpe.options().ignore_merges &&
        std::equal(row->rules.begin(), row->rules.end(), tokenizer.rules.begin(), tokenizer.rules.end(), same_rule))
      return name;
  }
  return {};
}

}  // namespace sotto::convert
