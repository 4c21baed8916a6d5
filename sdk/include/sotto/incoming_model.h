// IncomingModel: a model whose files arrive in pieces, from a network or a drop of files: it says which bytes it needs next, packs
// rows as they come, and lets go of what it has packed. No thread waits inside; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/model.h"

namespace sotto {

/// Every call works as far as the bytes reach, and takes as long as that takes. The first error stays: later calls answer the same.
class IncomingModel {
 public:
  struct Impl;

  /// Errors: invalid_argument (options).
  static Result<IncomingModel> make(const ModelOptions& options, const Engine& engine);
  IncomingModel(IncomingModel&&) noexcept;
  IncomingModel& operator=(IncomingModel&&) noexcept;
  ~IncomingModel();

  /// What is needed next: the byte of a file, or whether there is such a file.
  struct Need {
    std::string file;
    uint64_t offset = 0;   // pushed so far
    bool offered = false;  // false: offer() or missing() first
  };
  /// Nothing: finish() has all it needs.
  std::optional<Need> need() const;

  /// A file of the model and its length in bytes. The first one is the model's own file, or `config.json` of a Hugging Face folder.
  /// Errors: invalid_argument: offered before, a name that leaves the folder; and those of Model::open for what has arrived.
  Status offer(const std::string& name, uint64_t size);
  /// There is no such file.
  Status missing(const std::string& name);
  /// The next bytes of an offered file, in any number of pieces, front to back.
  Status push(const std::string& name, std::vector<std::byte> bytes);

  /// Whether all headers are here, so that the model can be inspected and planned. The call that brings the last of them does no
  /// more than that: until the next one no memory is taken for weights.
  bool has_headers() const noexcept;
  /// Errors: invalid_argument before has_headers().
  Result<Inspection> inspect() const;
  /// Makes the tokenizer, if there is none yet; takes no memory for weights.
  Result<MemoryUsage> plan(const SessionOptions& session);

  /// Of the weights, packed so far and in all; 0 of 0 before they began.
  uint64_t done_bytes() const noexcept;
  uint64_t total_bytes() const noexcept;

  /// The model, warmed up. Errors: invalid_argument while something is needed; as Model::open.
  Result<Model> finish();

 private:
  explicit IncomingModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto
