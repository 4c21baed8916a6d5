#include "sotto/tokenizer.h"

#include <algorithm>

#include "formats/registry.h"
#include "text/bpe_run.h"
#include "text/make_tokenizer.h"
#include "text/tokenizer_impl.h"
#include "text/unicode.h"

namespace sotto {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 28;  // ids and the normalized text must fit 32-bit memory beside it
constexpr size_t kMaxNormalizedBytes = size_t{1} << 31;
constexpr std::string_view kBlankMark = "\u2581";

// Control pieces by which published models end a turn, a message or a text.
constexpr std::string_view kEndPieces[] = {"</s>",
                                           "<EOT>",
                                           "_<EOT>",
                                           "[EOT]",
                                           "[EOS]",
                                           "<|eot|>",
                                           "<|eot_id|>",
                                           "<|eom_id|>",
                                           "<|im_end|>",
                                           "<|end|>",
                                           "<|return|>",
                                           "<|call|>",
                                           "<end_of_turn>",
                                           "<turn|>",
                                           "<|endoftext|>",
                                           "<|end_of_text|>",
                                           "<end_of_utterance>",
                                           "<\uFF5Cend\u2581of\u2581sentence\uFF5C>"};

/// Text to ids for one call.
class Encoder {
 public:
  Encoder(const Tokenizer::Impl& impl, std::string_view text, const EncodeOptions& options, std::vector<TokenId>& ids)
      : impl_(impl), text_(text), options_(options), ids_(ids), run_(impl.bpe, impl.vocab, text.size(), ids) {}

  Status encode() {
    return around(impl_.added, text_, [&](std::string_view part, bool first) {
      const std::string_view normalized = impl_.normalizer.apply(part, first, normalized_);
      return around(impl_.added_normalized, normalized, [&](std::string_view piece, bool piece_first) {
        return encode_plain(without_erased(impl_.marks.apply(piece, first && piece_first, marked_)));
      });
    });
  }

 private:
  /// Emits the added tokens in `text` and calls `plain` for what is between them.
  template <class Plain>
  Status around(const text::AddedTokens& added, std::string_view text, const Plain& plain) {
    size_t done = 0;
    while (const auto match = added.find(text, done, options_.parse_special)) {
      if (match->start > done) SOTTO_TRY(plain(text.substr(done, match->start - done), done == 0));
      ids_.push_back(match->id);
      done = match->end;
    }
    return done < text.size() ? plain(text.substr(done), done == 0) : Status();
  }

  std::string_view without_erased(std::string_view text) {
    const std::string_view erased = options_.erase_in_plain;
    if (erased.empty() || text.find(erased) == std::string_view::npos) return text;
    plain_.clear();
    for (size_t at; (at = text.find(erased)) != std::string_view::npos; text.remove_prefix(at + erased.size()))
      plain_.append(text.substr(0, at));
    return plain_.append(text);
  }

  Status encode_plain(std::string_view text) {
    if (text.size() > kMaxNormalizedBytes)
      return Error{ErrorCode::tokenizer_error, "the normalizer makes the text longer than 2 GiB", "text"};
    if (impl_.rules.empty()) return run_.encode(text);
    ends_.clear();
    text::split(text, impl_.rules, ends_);
    return run_.encode(text, ends_);
  }

  const Tokenizer::Impl& impl_;
  std::string_view text_;
  const EncodeOptions& options_;
  std::vector<TokenId>& ids_;
  text::BpeRun run_;
  std::string normalized_, marked_, plain_;
  std::vector<size_t> ends_;
};

}  // namespace

void Tokenizer::Impl::append_bytes(TokenId id, std::string& out) const {
  std::string_view piece = vocab.piece(id);
  switch (vocab.type(id)) {
    case text::PieceType::byte:
      out.push_back(static_cast<char>(text::parse_byte_piece(piece).value_or(0)));
      return;
    case text::PieceType::control:
    case text::PieceType::unknown:
    case text::PieceType::user_defined:
      if (byte_level) {
        out.append(piece);
        return;
      }
      break;
    case text::PieceType::normal:
    case text::PieceType::unused:
      break;
  }
  const size_t before = out.size();
  for (std::string_view rest = piece; !rest.empty();) {
    const text::Character c = text::first_character(rest);
    if (byte_level) {
      const auto byte = text::character_to_byte(c.code);
      if (!byte) {  // no byte-level spelling: the piece is the text itself
        out.replace(before, out.size() - before, piece);
        return;
      }
      out.push_back(static_cast<char>(*byte));
    } else if (rest.starts_with(kBlankMark)) {
      out.push_back(' ');
    } else {
      out.append(rest.substr(0, c.length));
    }
    rest.remove_prefix(c.length);
  }
}

void Tokenizer::Impl::complete_end_of_generation() {
  if (eos) end_of_generation.push_back(*eos);
  for (const std::string_view text : kEndPieces)
    if (const auto id = vocab.find(text); id && (vocab.is_control(*id) || vocab.type(*id) == text::PieceType::user_defined))
      end_of_generation.push_back(*id);
  std::sort(end_of_generation.begin(), end_of_generation.end());
  end_of_generation.erase(std::unique(end_of_generation.begin(), end_of_generation.end()), end_of_generation.end());
}

Result<Tokenizer> Tokenizer::open(const std::string& path) {
  SOTTO_ASSIGN(const auto file, formats::read_model(path, {.tokenizer_only = true}));
  return text::make_tokenizer(file);
}

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  if (text.size() > kMaxTextBytes)
    return Error{ErrorCode::invalid_argument,
                 "the text has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kMaxTextBytes) +
                     " can be encoded at once",
                 "text"};
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 4 + impl_->prefix.size() + impl_->suffix.size());
  if (options.add_special) ids = impl_->prefix;
  SOTTO_TRY(Encoder(*impl_, text, options, ids).encode());
  if (options.add_special) ids.insert(ids.end(), impl_->suffix.begin(), impl_->suffix.end());
  return ids;
}

Result<std::string> Tokenizer::decode(std::span<const TokenId> ids, const DecodeOptions& options) const {
  std::string text;
  for (const TokenId id : ids) {
    if (!impl_->vocab.contains(id))
      return Error{ErrorCode::tokenizer_error,
                   "id " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(vocab_size()) + " pieces", ""};
    if (!options.skip_special || !impl_->vocab.is_control(id)) impl_->append_bytes(id, text);
  }
  if (impl_->strips_leading_blank && !options.continues && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

size_t Tokenizer::vocab_size() const noexcept {
  return impl_->vocab.size();
}
std::string_view Tokenizer::piece(TokenId id) const noexcept {
  return impl_->vocab.contains(id) ? impl_->vocab.piece(id) : std::string_view();
}
std::optional<TokenId> Tokenizer::find(std::string_view piece) const noexcept {
  return impl_->vocab.find(piece);
}
bool Tokenizer::is_control(TokenId id) const noexcept {
  return impl_->vocab.contains(id) && impl_->vocab.is_control(id);
}
std::optional<TokenId> Tokenizer::bos() const noexcept {
  return impl_->bos;
}
std::optional<TokenId> Tokenizer::eos() const noexcept {
  return impl_->eos;
}
bool Tokenizer::adds_bos() const noexcept {
  return impl_->bos && !impl_->prefix.empty() && impl_->prefix.front() == *impl_->bos;
}
std::span<const TokenId> Tokenizer::end_of_generation() const noexcept {
  return impl_->end_of_generation;
}
std::span<const std::string> Tokenizer::warnings() const noexcept {
  return impl_->warnings;
}
uint64_t Tokenizer::bytes() const noexcept {
  return impl_->vocab.bytes() + impl_->bpe.bytes();
}

}  // namespace sotto
