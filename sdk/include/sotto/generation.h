// GenerationOptions: everything a request can ask for, as plain data; one table gives names, ranges and help to every language
// binding and to the command line. Generation: one running request, a stream of pieces with a result at its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/cancel.h"
#include "sotto/result.h"
#include "sotto/tokenizer.h"

namespace sotto {

struct LogitBias {
  TokenId token = 0;
  float bias = 0;  // added to the logit; -100 as good as forbids it
};

/// Defaults are greedy: the same prompt gives the same answer. Order of the sampling steps: logit bias, penalties, temperature,
/// top-k, top-p, min-p, as llama.cpp defines each of them.
struct GenerationOptions {
  int64_t max_tokens = 512;        // at most so many new tokens; the end of the context ends a generation as well
  float temperature = 0;           // 0: greedy
  int64_t top_k = 40;              // 0: off
  float top_p = 0.95f;             // 1: off
  float min_p = 0;                 // 0: off
  float repeat_penalty = 1;        // 1: off
  float frequency_penalty = 0;     // per occurrence
  float presence_penalty = 0;      // once
  int64_t penalty_window = 64;     // last tokens that penalties look at; -1: all
  std::optional<uint64_t> seed{};  // unset: drawn anew for each request, and told in the result
  std::vector<LogitBias> logit_bias{};
  std::vector<std::string> stop{};  // a text that ends the generation and is not part of it
  int64_t logprobs = -1;            // how many of the most likely tokens to tell at each step; 0: only the chosen one; -1: none
  bool ignore_eos = false;          // go on after an end-of-generation token
  bool parse_special = false;       // a plain prompt that spells control tokens means them; never for text of a user
  CancelToken cancel{};             // honoured inside prefill and between tokens
  Deadline deadline{};

  /// invalid_argument that names every fault at once: "temperature is -1, wanted 0 to 100; top_p is nan, wanted 0 to 1".
  Status validate() const;
};

/// One numeric or boolean option of GenerationOptions, for code that reads them from elsewhere (command line, JSON).
struct OptionInfo {
  std::string_view name;  // snake_case, the field's name
  std::string_view help;
  enum class Kind : uint8_t { real, integer, boolean } kind;
  double min, max;  // inclusive
  double (*get)(const GenerationOptions& options);
  void (*set)(GenerationOptions& options, double value);  // unchecked: validate() tells
};
std::span<const OptionInfo> generation_options() noexcept;

enum class FinishReason : uint8_t {
  stop,         // an end-of-generation token
  stop_string,  // one of GenerationOptions::stop
  length,       // max_tokens, or the context is full
  cancelled,
  deadline,
};
/// Stable snake_case name, for example "stop_string".
std::string_view to_string(FinishReason reason) noexcept;

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0;  // natural logarithm of the model's probability, before sampling options
};

/// What one step added. `text` may be empty: bytes of an unfinished character, or text that might become a stop string, are held
/// back. A request that is cancelled while it holds text back ends with a piece of this text and no token.
struct Piece {
  static constexpr TokenId kNoToken = -1;

  std::string text{};
  TokenId token = kNoToken;
  std::optional<TokenLogprob> logprob{};     // of `token`, when asked for
  std::vector<TokenLogprob> top_logprobs{};  // most likely first
};

struct Usage {
  size_t prompt_tokens = 0;  // of this request
  size_t cached_tokens = 0;  // of them, those the session held already
  size_t completion_tokens = 0;
};

struct Timings {
  double tokenize_ms = 0;
  double prefill_ms = 0;
  double first_token_ms = 0;  // from the call to the first token
  double decode_ms = 0;       // after the first token
  double prefill_tps = 0;     // tokens per second; 0 when nothing was computed
  double decode_tps = 0;
};

struct GenerationResult {
  std::string text;
  std::vector<TokenId> prompt_tokens;
  std::vector<TokenId> tokens;  // generated, an end-of-generation token included
  FinishReason finish_reason = FinishReason::stop;
  std::string stop_string;   // which one, for FinishReason::stop_string
  uint64_t seed = 0;         // that was used
  size_t invalid_bytes = 0;  // of the output that were no UTF-8 and became U+FFFD
  Usage usage;
  Timings timings;
};

/// Tokens of the prompt that had to be computed, and how many are.
struct PrefillProgress {
  size_t done = 0, total = 0;
};

/// Computes as it is iterated: nothing runs between the steps, and leaving the loop ends it. Move-only; the session must outlive
/// it.
class Generation {
 public:
  struct Impl;
  explicit Generation(std::unique_ptr<Impl> impl);
  explicit Generation(Error error);  // iterates over nothing, result() is the error
  Generation(Generation&&) noexcept;
  Generation& operator=(Generation&&) noexcept;
  ~Generation();

  /// The next piece; nothing at the end, and after an error.
  std::optional<Piece> next();
  /// Computes at most so many tokens of the prompt (0: only tells); next() computes what is left of it. For a caller with something
  /// to do between, a progress bar or the events of a page; the answer is the same. What goes wrong is told by result().
  PrefillProgress prefill(size_t max_tokens);

  /// Runs to the end if it is not there. An error while decoding comes here (cancel and deadline are no errors but finish reasons).
  Result<GenerationResult> result();
  /// The text so far, also after an error.
  std::string_view text() const noexcept;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Piece;
    using difference_type = std::ptrdiff_t;
    using pointer = const Piece*;
    using reference = const Piece&;
    const Piece& operator*() const noexcept { return *piece_; }
    const Piece* operator->() const noexcept { return &*piece_; }
    Iterator& operator++() {
      piece_ = generation_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept { return !iterator.piece_; }

   private:
    friend class Generation;
    explicit Iterator(Generation* generation) : generation_(generation), piece_(generation->next()) {}
    Generation* generation_;
    std::optional<Piece> piece_;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto
