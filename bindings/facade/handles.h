// What a language binding holds: one handle per thing of the SDK, options and results as JSON text. A constructor never fails,
// status() tells. Nothing here knows of Emscripten: Embind (bindings/embind.cpp) and the C interface (bindings/c) only declare it.
// One thread at a time per handle; cancel() from any. Who is asked by watch() is asked by every thread that computes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facade/json_text.h"
#include "sha256.h"
#include "sotto/sotto.h"

namespace sotto::facade {

class EngineHandle {
 public:
  /// Options: engine_request().
  explicit EngineHandle(const std::string& options);
  /// {threads, target}
  Result<JsonText> status() const;
  /// Trace Event Format. Errors: unsupported without the option `trace`.
  Result<JsonText> trace() const;

  struct State {
    std::optional<TraceRecorder> recorder;  // outlives the engine
    Result<Engine> engine = Error{};
  };
  const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<State> state_;
};

/// IncomingModel. offer(), missing(), commit() and status() have the value
///   {wanted: {file, offset, known} or null, headers, done_bytes, total_bytes}
class IncomingHandle {
 public:
  /// Options: model_options().
  IncomingHandle(const EngineHandle& engine, const std::string& options);
  Result<JsonText> status() const;
  Result<JsonText> offer(const std::string& name, double size);
  Result<JsonText> missing(const std::string& name);
  /// Room for the next bytes of a file, at an address of this process; 0: no memory, or no whole number of bytes up to 2^30.
  uintptr_t room(double bytes);
  /// So many bytes of room() are the next ones of that file.
  Result<JsonText> commit(const std::string& name, double bytes);
  Result<JsonText> inspect() const;
  Result<JsonText> plan(const std::string& session_options);
  Result<JsonText> finish();
  /// CancelSource::ask, before the first piece.
  void watch(bool (*is_cancelled)(int call), int call) noexcept { cancel_.ask(is_cancelled, call); }

  const std::shared_ptr<EngineHandle::State>& engine() const noexcept { return engine_; }
  const std::optional<Model>& model() const noexcept { return model_; }

 private:
  Result<JsonText> after(const Status& status) const;

  std::shared_ptr<EngineHandle::State> engine_;
  CancelSource cancel_;
  Result<IncomingModel> incoming_ = Error{};
  std::vector<std::byte> room_;
  std::optional<Model> model_;
};

class ModelHandle {
 public:
  /// Of what finish() has made. Status: invalid_argument before.
  explicit ModelHandle(const IncomingHandle& incoming);
  /// From a file or folder. Options: model_options().
  ModelHandle(const EngineHandle& engine, const std::string& path, const std::string& options);
  Result<JsonText> status() const;
  Result<JsonText> info() const;
  Result<JsonText> memory() const;  // with all sessions that are open
  Result<JsonText> tokenize(const std::string& text, const std::string& options) const;
  Result<JsonText> decode(const std::string& request) const;
  Result<JsonText> apply_template(const std::string& request) const;

  struct State {
    std::shared_ptr<EngineHandle::State> engine;  // outlives the model
    Result<Model> model = Error{};
    std::vector<std::weak_ptr<Session>> sessions{};
  };
  const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  Result<const Tokenizer*> tokenizer() const;
  std::shared_ptr<State> state_;
};

class SessionHandle {
 public:
  /// Options: session_options().
  SessionHandle(const ModelHandle& model, const std::string& options);
  Result<JsonText> status() const;  // {context}
  Result<JsonText> tokens() const;
  Result<JsonText> rewind(double n_tokens);
  SessionHandle fork() const;

  struct State {
    std::shared_ptr<ModelHandle::State> model;  // outlives the session
    Result<std::shared_ptr<Session>> session = Error{};
  };
  const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  SessionHandle(std::shared_ptr<ModelHandle::State> model, Result<Session> session);
  std::shared_ptr<State> state_;
};

class GenerationHandle {
 public:
  /// Request: generation_request().
  GenerationHandle(const SessionHandle& session, const std::string& request);
  Result<JsonText> status() const;
  /// Computes until max_ms have passed, but at least one token, or `slice` tokens of the prompt (0: as many as are computed at
  /// once). {pieces: [{text, token?, logprob?, top_logprobs?}], prefill: {done, total}, done}
  Result<JsonText> step(double max_ms, double slice);
  Result<JsonText> result();  // runs to the end if it is not there
  /// CancelSource::ask, before the first step.
  void watch(bool (*is_cancelled)(int call), int call) noexcept { cancel_.ask(is_cancelled, call); }
  void cancel() noexcept { cancel_.cancel(); }
  /// The generation itself, for bindings that take pieces one by one.
  Result<Generation>& generation() noexcept { return generation_; }

 private:
  bool prefill(size_t n_tokens);

  std::shared_ptr<SessionHandle::State> session_;  // outlives the generation
  CancelSource cancel_;
  Result<Generation> generation_ = Error{};
  PrefillProgress prefill_;
};

class Sha256Handle {
 public:
  void update(uintptr_t address, double bytes) noexcept;
  std::string hex() const { return hash_.hex(); }

 private:
  Sha256 hash_;
};

}  // namespace sotto::facade
