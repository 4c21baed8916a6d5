// Session: one timeline of tokens with its key/value cache: append, generate, rewind, fork. One thread at a time (a second one gets
// concurrent_use). Sessions of one model are independent of each other.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/chat.h"
#include "sotto/generation.h"

namespace sotto {

/// Number format of the key/value cache.
enum class CacheType : uint8_t { f32, f16, q8_0 };

struct SessionOptions {
  size_t context = 0;  // tokens; 0: what the model was made for, at most 4096
  CacheType cache = CacheType::f16;
  size_t prefill_chunk = 256;  // tokens computed at once, 1 to 4096; fewer take less scratch memory

  /// invalid_argument naming every field that is wrong.
  Status validate() const;
};

/// Memory a model or a session holds or, in a plan, will hold. Exact.
struct MemoryUsage {
  uint64_t weights_bytes = 0;
  uint64_t tokenizer_bytes = 0;  // its tables of pieces and merges
  uint64_t kv_bytes = 0;
  uint64_t scratch_bytes = 0;
  uint64_t total_bytes() const noexcept { return weights_bytes + tokenizer_bytes + kv_bytes + scratch_bytes; }
};

class Session {
 public:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Continues the timeline with a text as it is: no chat template. BOS where the model adds one and the timeline is empty.
  Generation generate(std::string_view prompt, const GenerationOptions& options = {});
  /// The same with ids in place of text; needs no tokenizer, then pieces have no text.
  Generation generate(std::span<const TokenId> prompt, const GenerationOptions& options = {});
  /// Answers a conversation through the model's chat template. The timeline becomes that conversation: what it shares with the
  /// tokens held already is not computed again. Text of messages never becomes a control token (U+FDD0, a noncharacter, is taken
  /// out of it). A model without template gets the texts plain. Cancelled inside prefill, the timeline keeps what it shares with
  /// the conversation.
  Generation chat(std::span<const Message> messages, const GenerationOptions& options = {});

  /// Adds tokens. logits: of the last of them. Errors: invalid_argument (an id outside the vocabulary), context_overflow before
  /// anything is computed, cancelled, deadline_exceeded, numeric_fault; the timeline is then as before.
  Result<std::vector<float>> append(std::span<const TokenId> tokens, const RunControl& control = {});
  /// Adds tokens; logits of all of them: (tokens.size(), n_vocab).
  Result<std::vector<float>> append_all_logits(std::span<const TokenId> tokens, const RunControl& control = {});

  std::span<const TokenId> tokens() const noexcept;
  size_t context() const noexcept;  // most tokens it can hold
  /// Keeps the first n tokens. Takes no time now; layers with a window may have dropped what the next token sees, then the next
  /// call computes the kept tokens again. Errors: invalid_argument (more than there are).
  Status rewind(size_t n_tokens);
  /// A second timeline that starts with the same tokens. Errors: out_of_memory.
  Result<Session> fork() const;
  MemoryUsage memory() const noexcept;  // cache and scratch of this session

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto
