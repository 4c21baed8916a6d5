// Tokenizer: text <-> token ids. Immutable, shared between threads. Text is UTF-8; what is not valid UTF-8 is encoded byte by byte
// where the vocabulary can, and comes back as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.h"

namespace sotto {

using TokenId = int32_t;

struct EncodeOptions {
  bool add_special = true;            // BOS / EOS / template tokens where the model adds them to a text
  bool parse_special = false;         // text that spells a control token becomes that token; never for text of a user
  std::string_view erase_in_plain{};  // taken out of plain text after added tokens were found: breaks a spelling that shall be none
};

struct DecodeOptions {
  bool skip_special = false;  // leave control tokens out
  bool continues = false;     // the ids go on a text: their first blank is part of it, not the one that encoding put in front
};

class Tokenizer {
 public:
  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  /// From a vocabulary-only or full GGUF file, or a folder with tokenizer files.
  static Result<Tokenizer> open(const std::string& path);

  /// Errors: tokenizer_error when the vocabulary has no piece for a text and no byte fallback.
  Result<std::vector<TokenId>> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// Errors: tokenizer_error naming an id outside the vocabulary.
  Result<std::string> decode(std::span<const TokenId> ids, const DecodeOptions& options = {}) const;

  size_t vocab_size() const noexcept;
  /// The piece as stored (with byte-level or space marks); empty for an id outside the vocabulary.
  std::string_view piece(TokenId id) const noexcept;
  std::optional<TokenId> find(std::string_view piece) const noexcept;
  bool is_control(TokenId id) const noexcept;
  std::optional<TokenId> bos() const noexcept;
  std::optional<TokenId> eos() const noexcept;
  bool adds_bos() const noexcept;  // encode() with add_special puts BOS in front
  /// Every id that ends a generation: eos, end of turn, end of message.
  std::span<const TokenId> end_of_generation() const noexcept;
  /// Things a user should know, e.g. a guess forced on an unknown pre-tokenizer.
  std::span<const std::string> warnings() const noexcept;
  /// Memory that its tables of pieces and merges hold.
  uint64_t bytes() const noexcept;

  const Impl& impl() const noexcept { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// Turns ids into text while they arrive. Never returns half a character: bytes are held back until a code point is whole; bytes
/// that can never become one come out as U+FFFD and are counted.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, DecodeOptions options = {.skip_special = true});
  Result<std::string> push(TokenId id);
  std::string finish();  // what is still held back, replaced where it is no character
  size_t invalid_bytes() const noexcept { return invalid_bytes_; }

 private:
  std::string drain(bool final);

  Tokenizer tokenizer_;
  DecodeOptions options_;
  std::string held_;
  bool first_ = true;
  size_t invalid_bytes_ = 0;
};

}  // namespace sotto
