#include "sotto/tokenizer.h"
#include "text/tokenizer_impl.h"
#include "text/unicode.h"

namespace sotto {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

/// Whether more bytes could still make the start of `text` a character. `text` is not empty and starts with none.
bool may_become_character(std::string_view text) noexcept {
  if (text.size() >= 4) return false;
  // Continuations that complete every lead with every allowed second byte.
  for (const char second : {'\x80', '\x90', '\xA0'}) {
    std::string whole(text);
    if (whole.size() == 1) whole.push_back(second);
    while (whole.size() < 4) {
      if (formats::utf8_length(whole) == whole.size()) return true;
      whole.push_back('\x80');
    }
    if (formats::utf8_length(whole) == whole.size()) return true;
  }
  return false;
}

}  // namespace

StreamDecoder::StreamDecoder(Tokenizer tokenizer, DecodeOptions options) : tokenizer_(std::move(tokenizer)), options_(options) {
  first_ = tokenizer_.impl().strips_leading_blank && !options_.continues;
}

Result<std::string> StreamDecoder::push(TokenId id) {
  const Tokenizer::Impl& impl = tokenizer_.impl();
  if (!impl.vocab.contains(id))
    return Error{
        ErrorCode::tokenizer_error,
        "id " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(tokenizer_.vocab_size()) + " pieces", ""};
  if (options_.skip_special && impl.vocab.is_control(id)) return std::string();
  impl.append_bytes(id, held_);
  if (first_ && !held_.empty()) {
    if (held_.front() == ' ') held_.erase(0, 1);
    first_ = false;
  }
  return drain(false);
}

std::string StreamDecoder::finish() {
  return drain(true);
}

std::string StreamDecoder::drain(bool final) {
  std::string out;
  std::string_view rest = held_;
  while (!rest.empty()) {
    if (const size_t n = formats::utf8_length(rest); n > 0) {
      out.append(rest.substr(0, n));
      rest.remove_prefix(n);
      continue;
    }
    if (!final && may_become_character(rest)) break;
    // As Unicode recommends and Python does: one replacement for the longest start of a character, else for one byte.
    size_t n = 1;
    while (n < rest.size() && may_become_character(rest.substr(0, n + 1))) ++n;
    out.append(kReplacement);
    invalid_bytes_ += n;
    rest.remove_prefix(n);
  }
  held_.erase(0, held_.size() - rest.size());
  return out;
}

}  // namespace sotto
