// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (tokenizer); what the fields mean beyond that: llama.cpp's
// llama-vocab.cpp.
#include <cmath>

#include "formats/json.h"
#include "text/make_tokenizer.h"
#include "text/pretokenizers.h"
#include "text/tokenizer_impl.h"

namespace sotto::text {
namespace {

using formats::json_quote;
using formats::Metadata;

constexpr char kModel[] = "tokenizer.ggml.model";
constexpr char kPre[] = "tokenizer.ggml.pre";
constexpr char kTokens[] = "tokenizer.ggml.tokens";
constexpr char kTypes[] = "tokenizer.ggml.token_type";
constexpr char kScores[] = "tokenizer.ggml.scores";
constexpr char kMerges[] = "tokenizer.ggml.merges";
constexpr char kBos[] = "tokenizer.ggml.bos_token_id";
constexpr char kEos[] = "tokenizer.ggml.eos_token_id";
constexpr char kUnknown[] = "tokenizer.ggml.unknown_token_id";
constexpr char kAddBos[] = "tokenizer.ggml.add_bos_token";
constexpr char kAddEos[] = "tokenizer.ggml.add_eos_token";
constexpr char kAddSpacePrefix[] = "tokenizer.ggml.add_space_prefix";
// Beside eos.
constexpr std::string_view kEndIds[] = {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};

constexpr char kBlankMark[] = "\u2581";

std::string item(const char* key, size_t index) {
  return std::string(key) + "[" + std::to_string(index) + "]";
}

Error wrong_item(const Metadata& metadata, const char* key, size_t index, const std::string& got, const std::string& wanted) {
  return {ErrorCode::bad_model, "'" + item(key, index) + "' in " + metadata.source() + " is " + got + ", wanted: " + wanted,
          item(key, index)};
}

Status one_per_token(const Metadata& metadata, const char* key, size_t n_items, size_t n_tokens) {
  if (n_items == n_tokens) return {};
  return Error{ErrorCode::bad_model,
               "'" + std::string(key) + "' in " + metadata.source() + " has " + std::to_string(n_items) +
                   " items, wanted: " + std::to_string(n_tokens) + ", one for each of " + kTokens,
               key};
}

Result<bool> boolean(const Metadata& metadata, const char* key, bool absent) {
  return metadata.has(key) ? metadata.boolean(key) : Result<bool>(absent);
}

Result<std::optional<TokenId>> optional_id(const Metadata& metadata, std::string_view key, const Vocab& vocab) {
  if (!metadata.has(key)) return std::optional<TokenId>();
  SOTTO_ASSIGN(const int64_t id, metadata.integer(key, 0, static_cast<int64_t>(vocab.size()) - 1));
  return std::optional(static_cast<TokenId>(id));
}

Result<Vocab> read_vocab(const Metadata& metadata) {
  SOTTO_ASSIGN(const auto tokens, metadata.strings(kTokens));
  SOTTO_ASSIGN(const auto numbers, metadata.integers(kTypes));
  SOTTO_TRY(one_per_token(metadata, kTypes, numbers.size(), tokens.size()));
  std::vector<PieceType> types;
  types.reserve(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 1 || numbers[i] > static_cast<int64_t>(PieceType::byte))
      return wrong_item(metadata, kTypes, i, std::to_string(numbers[i]), "an integer from 1 to 6");
    types.push_back(static_cast<PieceType>(numbers[i]));
  }
  const std::vector<std::string_view> pieces(tokens.begin(), tokens.end());
  return Vocab::make(pieces, std::move(types), kTokens);
}

AddedTokens added_tokens(const Vocab& vocab) {
  std::vector<AddedToken> tokens;
  for (size_t i = 0; i < vocab.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const bool special = vocab.is_control(id);
    if (special || vocab.type(id) == PieceType::user_defined)
      tokens.push_back({.text = std::string(vocab.piece(id)), .id = id, .special = special});
  }
  return AddedTokens(std::move(tokens));
}

/// What add_special adds and what ends a generation.
Status read_specials(const Metadata& metadata, bool adds_bos, Tokenizer::Impl& impl) {
  SOTTO_ASSIGN(impl.bos, optional_id(metadata, kBos, impl.vocab));
  SOTTO_ASSIGN(impl.eos, optional_id(metadata, kEos, impl.vocab));
  for (const std::string_view key : kEndIds) {
    SOTTO_ASSIGN(const auto id, optional_id(metadata, key, impl.vocab));
    if (id) impl.end_of_generation.push_back(*id);
  }
  const int64_t last = static_cast<int64_t>(impl.vocab.size()) - 1;
  SOTTO_ASSIGN(const bool add_bos, boolean(metadata, kAddBos, adds_bos && impl.bos));
  SOTTO_ASSIGN(const bool add_eos, boolean(metadata, kAddEos, false));
  if (add_bos) {
    SOTTO_ASSIGN(const int64_t id, metadata.integer(kBos, 0, last));
    impl.prefix.push_back(static_cast<TokenId>(id));
  }
  if (add_eos) {
    SOTTO_ASSIGN(const int64_t id, metadata.integer(kEos, 0, last));
    impl.suffix.push_back(static_cast<TokenId>(id));
  }
  impl.complete_end_of_generation();
  return {};
}

Result<const NamedPreTokenizer*> read_pre_tokenizer(const Metadata& metadata, const TokenizerChoices& choices,
                                                    std::vector<std::string>& warnings) {
  std::string name = "(none)";
  if (metadata.has(kPre) || !choices.guess_pre_tokenizer) {
    SOTTO_ASSIGN(name, metadata.string(kPre));
  }
  if (const NamedPreTokenizer* known = find_pre_tokenizer(name)) return known;
  const std::string sentence = "the pre-tokenizer " + json_quote(name) + " of " + metadata.source() + " is not known";
  if (!choices.guess_pre_tokenizer) return Error{ErrorCode::unsupported, sentence, kPre};
  warnings.push_back(sentence + "; words are cut by the rules called \"default\", and ids may differ from what the model learned");
  return find_pre_tokenizer("default");
}

/// "gpt2": byte-level BPE with a list of merges.
Status read_gpt2(const Metadata& metadata, const TokenizerChoices& choices, Tokenizer::Impl& impl) {
  SOTTO_ASSIGN(const NamedPreTokenizer* pre, read_pre_tokenizer(metadata, choices, impl.warnings));
  SOTTO_ASSIGN(const auto lines, metadata.strings(kMerges));
  SOTTO_ASSIGN(const auto unknown, optional_id(metadata, kUnknown, impl.vocab));
  MergeList merges;
  merges.reserve(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const size_t blank = line.find(' ', 1);
    if (blank == std::string_view::npos || blank + 1 == line.size())
      return wrong_item(metadata, kMerges, i, json_quote(line.substr(0, 64)), "two pieces with a blank between them");
    SOTTO_TRY(add_merge(impl.vocab, line.substr(0, blank), line.substr(blank + 1), kMerges, i, merges));
  }
  if (pre->nfc) impl.normalizer.steps.push_back({NormalizerStep::Kind::nfc});
  impl.rules.assign(pre->rules.begin(), pre->rules.end());
  impl.byte_level = true;
  impl.bpe = Bpe(impl.vocab, merges, {.byte_level = true, .ignore_merges = pre->ignore_merges, .unknown = unknown});
  return read_specials(metadata, pre->add_bos, impl);
}

/// "llama": SentencePiece's BPE, by scores, with bytes for what is no piece.
Status read_llama(const Metadata& metadata, const TokenizerChoices&, Tokenizer::Impl& impl) {
  SOTTO_ASSIGN(const auto scores, metadata.numbers(kScores));
  SOTTO_ASSIGN(const auto unknown, optional_id(metadata, kUnknown, impl.vocab));
  SOTTO_ASSIGN(const bool space_prefix, boolean(metadata, kAddSpacePrefix, true));
  SOTTO_TRY(one_per_token(metadata, kScores, scores.size(), impl.vocab.size()));
  for (size_t i = 0; i < scores.size(); ++i)
    if (std::isnan(scores[i])) return wrong_item(metadata, kScores, i, "NaN", "a number");
  if (space_prefix) impl.normalizer.steps.push_back({.kind = NormalizerStep::Kind::prepend, .to = kBlankMark});
  impl.normalizer.steps.push_back({.kind = NormalizerStep::Kind::replace, .from = " ", .to = kBlankMark});
  impl.strips_leading_blank = space_prefix;
  impl.bpe = Bpe(impl.vocab, scores, {.byte_fallback = true, .fuse_unknown = true, .unknown = unknown});
  return read_specials(metadata, true, impl);
}

struct GgufModel {
  std::string_view name;
  Status (*read)(const Metadata&, const TokenizerChoices&, Tokenizer::Impl&);
};
constexpr GgufModel kModels[] = {{"gpt2", read_gpt2}, {"llama", read_llama}};

}  // namespace

Result<Tokenizer> make_gguf_tokenizer(const Metadata& metadata, const TokenizerChoices& choices) {
  if (!metadata.has(kModel)) return Error{ErrorCode::not_found, metadata.source() + " has no tokenizer", kModel};
  SOTTO_ASSIGN(const std::string name, metadata.string(kModel));
  for (const GgufModel& model : kModels) {
    if (model.name != name) continue;
    auto impl = std::make_shared<Tokenizer::Impl>();
    SOTTO_ASSIGN(impl->vocab, read_vocab(metadata));
    impl->added = added_tokens(impl->vocab);
    SOTTO_TRY(model.read(metadata, choices, *impl));
    return Tokenizer(std::move(impl));
  }
  return Error{ErrorCode::unsupported, "the tokenizer model " + json_quote(name) + " of " + metadata.source() + " is not supported",
               kModel};
}

}  // namespace sotto::text
