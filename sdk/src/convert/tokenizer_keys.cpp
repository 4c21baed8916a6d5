#include "convert/tokenizer_keys.h"

#include <algorithm>

#include "convert/pre_tokenizer_name.h"
#include "convert/tokenizer_check.h"
#include "convert/tokenizer_json.h"
#include "text/chat_template_source.h"
#include "text/make_tokenizer.h"
#include "text/tokenizer_impl.h"

namespace sotto::convert {
namespace {

using formats::Json;
using formats::json_quote;
using formats::ModelFile;
using text::NormalizerStep;
using text::PieceType;

constexpr char kFile[] = "tokenizer.json";
constexpr char kConfigFile[] = "tokenizer_config.json";
// Ids that end a generation beside eos.
constexpr std::string_view kEndKeys[] = {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};

Error cannot_hold(const std::string& what) {
  return {ErrorCode::unsupported, "GGUF cannot hold this tokenizer: " + what, kFile};
}

formats::MetaValue id_value(TokenId id) {
  return static_cast<int64_t>(id);
}

Status add_pieces(const text::Vocab& vocab, size_t n_vocab, Keys& keys) {
  std::vector<std::string> pieces;
  std::vector<int64_t> types;
  for (size_t i = 0; i < n_vocab; ++i) {
    const auto id = static_cast<TokenId>(i);
    const bool named = i < vocab.size() && !vocab.piece(id).empty();
    pieces.push_back(named ? std::string(vocab.piece(id)) : "[PAD" + std::to_string(i) + "]");
    types.push_back(static_cast<int64_t>(named ? vocab.type(id) : PieceType::unused));
  }
  for (size_t i = n_vocab; i < vocab.size(); ++i)
    if (const auto type = vocab.type(static_cast<TokenId>(i)); type == PieceType::normal || type == PieceType::byte)
      return Error{ErrorCode::bad_model,
                   "tokenizer.json has the piece " + json_quote(vocab.piece(static_cast<TokenId>(i))) + " with the id " +
                       std::to_string(i) + ", but the model has only " + std::to_string(n_vocab),
                   kFile};
  keys.emplace_back("tokenizer.ggml.tokens", std::move(pieces));
  keys.emplace_back("tokenizer.ggml.token_type", std::move(types));
  return {};
}

/// "gpt2": byte-level, a way of cutting words, and merges.
Status add_byte_level(const Tokenizer::Impl& impl, const MergePairs& merges, size_t n_vocab, Keys& keys) {
  const std::string_view pre = pre_tokenizer_name(impl);
  if (pre.empty()) return cannot_hold("there is no name for the way it cuts words");
  keys.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
  keys.emplace_back("tokenizer.ggml.pre", std::string(pre));
  SOTTO_TRY(add_pieces(impl.vocab, n_vocab, keys));
  std::vector<std::string> lines;
  for (const auto& [left, right] : merges) {
    if (left.find(' ') != std::string::npos || right.find(' ') != std::string::npos)
      return cannot_hold("the merge of " + json_quote(left) + " and " + json_quote(right) + " has a blank in it");
    lines.push_back(left + " " + right);
  }
  keys.emplace_back("tokenizer.ggml.merges", std::move(lines));
  return {};
}

/// Minus the place of the first merge that makes the piece; what is never made comes last.
std::vector<double> scores_of(const MergePairs& merges, const text::Vocab& vocab, size_t n_vocab) {
  std::vector<double> scores(n_vocab, -static_cast<double>(merges.size()));
  for (size_t i = merges.size(); i-- > 0;)
    if (const auto id = vocab.find_plain(merges[i].first + merges[i].second); id && static_cast<size_t>(*id) < n_vocab)
      scores[static_cast<size_t>(*id)] = -static_cast<double>(i);
  return scores;
}

/// "llama": characters, bytes for those that are no piece, and scores.
Status add_scored(const Tokenizer::Impl& impl, const MergePairs& merges, size_t n_vocab, Keys& keys) {
  if (!impl.bpe.options().byte_fallback)
    return cannot_hold("it is neither byte-level nor has bytes for characters that are no piece");
  keys.emplace_back("tokenizer.ggml.model", std::string("llama"));
  keys.emplace_back("tokenizer.ggml.pre", std::string("default"));
  SOTTO_TRY(add_pieces(impl.vocab, n_vocab, keys));
  keys.emplace_back("tokenizer.ggml.scores", scores_of(merges, impl.vocab, n_vocab));
  bool prefix = false;
  for (const text::Normalizer* normalizer : {&impl.normalizer, &impl.marks})
    for (const NormalizerStep& step : normalizer->steps) {
      if (step.kind == NormalizerStep::Kind::nfc) return cannot_hold("it brings texts to NFC");
      prefix = prefix || step.kind != NormalizerStep::Kind::replace;
    }
  if (prefix != impl.strips_leading_blank) return cannot_hold("decoding does not undo the blank that encoding puts in front");
  keys.emplace_back("tokenizer.ggml.add_space_prefix", prefix);
  return {};
}

/// One id in front of or behind a text, or none.
Status add_surrounding(const char* flag, const std::string& id_key, const std::vector<TokenId>& ids, std::optional<TokenId> named,
                       Keys& keys) {
  if (ids.size() > 1 || (!ids.empty() && named && *named != ids[0]))
    return cannot_hold("it puts other ids around a text than those of its first and last piece");
  const auto id = named || ids.empty() ? named : ids[0];
  if (id) keys.emplace_back(id_key, id_value(*id));
  keys.emplace_back(flag, !ids.empty());
  return {};
}

Status add_specials(const ModelFile& file, const Tokenizer::Impl& impl, Keys& keys) {
  SOTTO_TRY(add_surrounding("tokenizer.ggml.add_bos_token", "tokenizer.ggml.bos_token_id", impl.prefix, impl.bos, keys));
  SOTTO_TRY(add_surrounding("tokenizer.ggml.add_eos_token", "tokenizer.ggml.eos_token_id", impl.suffix, impl.eos, keys));
  if (const auto unknown = impl.bpe.options().unknown) keys.emplace_back("tokenizer.ggml.unknown_token_id", id_value(*unknown));
  if (file.hugging_face.tokenizer_config_json.empty()) return {};
  SOTTO_ASSIGN(const Json config, Json::parse(file.hugging_face.tokenizer_config_json, kConfigFile));
  const Json* pad = config.find("pad_token");
  if (pad && pad->as_object()) pad = pad->find("content");
  if (const auto id = pad && pad->as_string() ? impl.vocab.find(*pad->as_string()) : std::nullopt)
    keys.emplace_back("tokenizer.ggml.padding_token_id", id_value(*id));
  return {};
}

/// What a reader takes the keys for.
Result<Tokenizer> read_back(const Keys& keys) {
  return text::make_gguf_tokenizer(as_metadata(keys, "the file to be"), {});
}

/// Ids that end a generation and that a reader would not find by itself.
Status add_end_ids(const Tokenizer& original, const Tokenizer& written, Keys& keys) {
  size_t n = 0;
  for (const TokenId id : original.end_of_generation()) {
    const auto known = written.end_of_generation();
    const bool above = static_cast<size_t>(id) >= written.vocab_size();  // the model cannot give it
    if (above || std::find(known.begin(), known.end(), id) != known.end()) continue;
    if (n == std::size(kEndKeys)) return cannot_hold("more ids end a generation than there are keys for");
    keys.emplace_back(kEndKeys[n++], id_value(id));
  }
  return {};
}

}  // namespace

Result<Keys> tokenizer_keys(const ModelFile& file, size_t n_vocab, const RunControl& control) {
  Keys keys;
  if (!file.hugging_face.tokenizer_json.empty()) {
    SOTTO_ASSIGN(const Tokenizer original, text::make_tokenizer(file));
    const Tokenizer::Impl& impl = original.impl();
    SOTTO_ASSIGN(const std::string flagged, find_flagged_token(file.hugging_face.tokenizer_json));
    if (!flagged.empty()) return cannot_hold("the added token " + json_quote(flagged) + " has lstrip, rstrip or single_word");
    SOTTO_ASSIGN(const MergePairs merges, read_merge_pairs(file.hugging_face.tokenizer_json));
    SOTTO_TRY(impl.byte_level ? add_byte_level(impl, merges, n_vocab, keys) : add_scored(impl, merges, n_vocab, keys));
    SOTTO_TRY(add_specials(file, impl, keys));
    SOTTO_ASSIGN(const Tokenizer written, read_back(keys));
    SOTTO_TRY(add_end_ids(original, written, keys));
    SOTTO_TRY(check_same_ids(original, written, control));
  }
  SOTTO_ASSIGN(std::string source, text::chat_template_source(file));
  if (!source.empty()) keys.emplace_back("tokenizer.chat_template", std::move(source));
  return keys;
}

}  // namespace sotto::convert
