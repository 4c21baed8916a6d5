// Model: weights, tokenizer and chat template of one file or folder. Immutable after open(), shared by reference count, used by any
// number of sessions and threads. inspect() and plan() read headers only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sotto/byte_source.h"
#include "sotto/chat.h"
#include "sotto/engine.h"
#include "sotto/session.h"
#include "sotto/tokenizer.h"

namespace sotto {

struct ModelOptions {
  std::string quantize = "auto";  // how linears and the head are kept: "auto" (F32 becomes q8_0, the rest stays), "none", or a
                                  // type: "q8_0", "q4_0", ...
  std::string activations =
      "auto";  // what matrices are multiplied with; "auto": 8 bits, or 16 where weights have 8 and in and out of the cache; "i16":
               // always 16, nearer to the reference and slower; "f32": not rounded, the engine's own reference, slowest
  /// Where the head is most of the weights, decoding (greedy, or with top_k) reads its rows in 4 bits and few of them whole, for
  /// the same tokens. A Q8_0 head is cut in halves for that; one of another type is held once more in 4 bits.
  bool screen_head = true;
  /// Rotation frequencies rounded to the type of the weights (F16, BF16, F32), as PyTorch's model.to(dtype) leaves them; exact ones
  /// are what loading a 16-bit model gives. To repeat results of a model that was converted so.
  bool round_rope = false;
  bool guess_pre_tokenizer = false;  // accept a GGUF file that names an unknown pre-tokenizer; the tokenizer then carries a warning
  bool tokenizer_required = true;    // false: a model without one opens too, for ids in place of text
  bool warm_up = true;               // so that the first token is not slower than the second
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress{};  // from the calling thread
  CancelToken cancel{};
  Deadline deadline{};

  /// invalid_argument naming every field that is wrong.
  Status validate() const;
};

/// What a file holds, without reading a weight.
struct Inspection {
  struct Tensor {
    std::string name, type;
    std::vector<uint64_t> shape;  // outermost first
    uint64_t bytes = 0;
  };
  std::string format;        // "gguf", "safetensors"
  std::string architecture;  // as the file names it; empty when it does not
  bool supported = false;    // this version computes it
  std::string unsupported_reason;
  uint64_t parameters = 0;
  uint64_t tensor_bytes = 0;
  std::vector<std::pair<std::string, std::string>> metadata;  // key, value as text; long arrays shortened
  std::vector<Tensor> tensors;
};
/// Errors: as Model::open, but for an architecture that is not computed.
Result<Inspection> inspect(const std::string& path);

/// Exactly what open() and new_session() with these options will hold.
Result<MemoryUsage> plan(const std::string& path, const ModelOptions& options, const SessionOptions& session, const Engine& engine);

struct ModelInfo {
  std::string architecture;
  std::string name;  // the file's own, may be empty
  uint64_t parameters = 0;
  size_t n_layers = 0, dim = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, ffn_dim = 0, n_vocab = 0;
  size_t max_context = 0;     // tokens the model was made for
  size_t largest_window = 0;  // of windowed layers; 0: none
  uint64_t decode_bytes = 0;  // of the weights: what a token reads that is chosen greedily or among top_k
  double load_ms = 0;
};

class Model {
 public:
  struct Impl;

  /// A .gguf file, a .safetensors file or a Hugging Face folder. Errors: not_found, io_error, bad_model, unsupported,
  /// out_of_memory, tokenizer errors, cancelled, deadline_exceeded.
  static Result<Model> open(const std::string& path, const ModelOptions& options, const Engine& engine);
  static Result<Model> open(const std::string& path, const ModelOptions& options = {});  // with an engine of its own
  /// The same from bytes wherever they lie; one file.
  static Result<Model> open(std::shared_ptr<const ByteSource> source, const ModelOptions& options, const Engine& engine);

  const ModelInfo& info() const noexcept;
  MemoryUsage memory() const noexcept;                 // weights
  const Tokenizer* tokenizer() const noexcept;         // nullptr: the model has none
  const ChatTemplate* chat_template() const noexcept;  // nullptr: the model has none
  /// Things a user should know, e.g. that there is no chat template.
  const std::vector<std::string>& warnings() const noexcept;

  /// The prompt of a conversation by the model's template, as text and as ids. Errors: template_error; unsupported without
  /// template.
  Result<std::string> render_chat(std::span<const Message> messages, bool add_generation_prompt = true) const;
  Result<std::vector<TokenId>> encode_chat(std::span<const Message> messages, bool add_generation_prompt = true) const;

  /// Errors: invalid_argument (options), out_of_memory (also the engine's limit).
  Result<Session> new_session(const SessionOptions& options = {}) const;

  const std::shared_ptr<const Impl>& impl() const noexcept { return impl_; }

 private:
  friend class IncomingModel;
  explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace sotto
