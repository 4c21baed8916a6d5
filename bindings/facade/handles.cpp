#include "facade/handles.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "buffer.h"
#include "facade/options_json.h"
#include "facade/results_json.h"

namespace sotto::facade {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMaxWhole = 9007199254740992.0;  // 2^53
constexpr double kMaxRoom = 1 << 30;
constexpr size_t kSlice = 256;            // tokens of a prompt computed at once
constexpr size_t kTraceEvents = 1 << 16;  // some 300 tokens of a model with 30 layers

bool is_whole(double value, double max) {
  return value >= 0 && value <= max && std::trunc(value) == value;
}

JsonText nothing() {
  return {"null"};
}

template <class T>
Result<JsonText> told(const Result<T>& result) {
  if (!result) return result.error();
  if constexpr (std::is_void_v<T>)
    return nothing();
  else if constexpr (requires { json_of(*result); })
    return json_of(*result);
  else
    return JsonText{to_json(*result)};
}

}  // namespace

EngineHandle::EngineHandle(const std::string& options) : state_(std::make_shared<State>()) {
  Result<EngineRequest> request = engine_request(options);
  if (!request) {
    state_->engine = std::move(request).error();
    return;
  }
  if (request->trace) request->options.trace = &state_->recorder.emplace(kTraceEvents);
  state_->engine = Engine::make(request->options);
}

Result<JsonText> EngineHandle::status() const {
  const Result<Engine>& engine = state_->engine;
  if (!engine) return engine.error();
  return JsonObject().add("threads", engine->threads()).add("target", engine->target()).done();
}

Result<JsonText> EngineHandle::trace() const {
  if (state_->recorder) return JsonText{state_->recorder->chrome_json()};
  return Error{ErrorCode::unsupported, "the engine was made without the option trace", "trace"};
}

IncomingHandle::IncomingHandle(const EngineHandle& engine, const std::string& options) : engine_(engine.state()) {
  incoming_ = [&]() -> Result<IncomingModel> {
    if (!engine_->engine) return engine_->engine.error();
    SOTTO_ASSIGN(ModelOptions model, model_options(options));
    model.cancel = cancel_.token();
    return IncomingModel::make(model, *engine_->engine);
  }();
}

Result<JsonText> IncomingHandle::after(const Status& status) const {
  if (!status) return status.error();
  JsonObject json;
  if (const auto need = incoming_->need()) {
    json.add("wanted", JsonObject().add("file", need->file).add("offset", need->offset).add("known", need->offered).done());
  } else {
    json.add("wanted", nothing());
  }
  json.add("headers", incoming_->has_headers());
  return json.add("done_bytes", incoming_->done_bytes()).add("total_bytes", incoming_->total_bytes()).done();
}

Result<JsonText> IncomingHandle::status() const {
  return after(incoming_ ? Status() : Status(incoming_.error()));
}

Result<JsonText> IncomingHandle::offer(const std::string& name, double size) {
  if (!incoming_) return incoming_.error();
  if (!is_whole(size, kMaxWhole)) return Error{ErrorCode::invalid_argument, "a size must be a whole number of bytes", "size"};
  return after(incoming_->offer(name, static_cast<uint64_t>(size)));
}

Result<JsonText> IncomingHandle::missing(const std::string& name) {
  if (!incoming_) return incoming_.error();
  return after(incoming_->missing(name));
}

// A vector cannot say that memory is short, so it is asked for once before.
uintptr_t IncomingHandle::room(double bytes) {
  if (!is_whole(bytes, kMaxRoom)) return 0;
  const size_t n = static_cast<size_t>(bytes);
  if (room_.size() < n && !Buffer::allocate(n, "a piece of a file")) return 0;
  room_.resize(n);
  return reinterpret_cast<uintptr_t>(room_.data());
}

Result<JsonText> IncomingHandle::commit(const std::string& name, double bytes) {
  if (!incoming_) return incoming_.error();
  if (!is_whole(bytes, static_cast<double>(room_.size())))
    return Error{ErrorCode::invalid_argument, "more bytes than there was room for", "bytes"};
  room_.resize(static_cast<size_t>(bytes));
  return after(incoming_->push(name, std::exchange(room_, {})));
}

Result<JsonText> IncomingHandle::inspect() const {
  if (!incoming_) return incoming_.error();
  return told(incoming_->inspect());
}

Result<JsonText> IncomingHandle::plan(const std::string& options) {
  if (!incoming_) return incoming_.error();
  SOTTO_ASSIGN(const SessionOptions session, session_options(options));
  return told(incoming_->plan(session));
}

Result<JsonText> IncomingHandle::finish() {
  if (!incoming_) return incoming_.error();
  SOTTO_ASSIGN(model_, incoming_->finish());
  return nothing();
}

ModelHandle::ModelHandle(const IncomingHandle& incoming) : state_(new State{incoming.engine()}) {
  if (incoming.model())
    state_->model = *incoming.model();
  else
    state_->model = Error{ErrorCode::invalid_argument, "the model is not complete", "model"};
}

ModelHandle::ModelHandle(const EngineHandle& engine, const std::string& path, const std::string& options)
    : state_(new State{engine.state()}) {
  state_->model = [&]() -> Result<Model> {
    if (!state_->engine->engine) return state_->engine->engine.error();
    SOTTO_ASSIGN(const ModelOptions model, model_options(options));
    return Model::open(path, model, *state_->engine->engine);
  }();
}

Result<JsonText> ModelHandle::status() const {
  if (!state_->model) return state_->model.error();
  return nothing();
}

Result<JsonText> ModelHandle::info() const {
  return told(state_->model);
}

Result<JsonText> ModelHandle::memory() const {
  if (!state_->model) return state_->model.error();
  MemoryUsage sum = state_->model->memory();
  for (const std::weak_ptr<Session>& known : state_->sessions) {
    const std::shared_ptr<Session> session = known.lock();
    if (!session) continue;
    const MemoryUsage usage = session->memory();
    sum.kv_bytes += usage.kv_bytes;
    sum.scratch_bytes += usage.scratch_bytes;
  }
  return json_of(sum);
}

Result<const Tokenizer*> ModelHandle::tokenizer() const {
  if (!state_->model) return state_->model.error();
  if (const Tokenizer* tokenizer = state_->model->tokenizer()) return tokenizer;
  return Error{ErrorCode::unsupported, "the model has no tokenizer", "tokenizer"};
}

Result<JsonText> ModelHandle::tokenize(const std::string& text, const std::string& json) const {
  SOTTO_ASSIGN(const Tokenizer* found, tokenizer());
  SOTTO_ASSIGN(const EncodeOptions options, encode_options(json));
  return told(found->encode(text, options));
}

Result<JsonText> ModelHandle::decode(const std::string& json) const {
  SOTTO_ASSIGN(const Tokenizer* found, tokenizer());
  SOTTO_ASSIGN(const DecodeRequest request, decode_request(json));
  return told(found->decode(request.tokens, request.options));
}

Result<JsonText> ModelHandle::apply_template(const std::string& json) const {
  if (!state_->model) return state_->model.error();
  SOTTO_ASSIGN(const TemplateRequest request, template_request(json));
  return told(state_->model->render_chat(request.messages, request.add_generation_prompt));
}

SessionHandle::SessionHandle(const ModelHandle& model, const std::string& json)
    : SessionHandle(model.state(), [&]() -> Result<Session> {
        if (!model.state()->model) return model.state()->model.error();
        SOTTO_ASSIGN(const SessionOptions options, session_options(json));
        return model.state()->model->new_session(options);
      }()) {}

SessionHandle::SessionHandle(std::shared_ptr<ModelHandle::State> model, Result<Session> session)
    : state_(new State{std::move(model)}) {
  if (!session) {
    state_->session = std::move(session).error();
    return;
  }
  state_->session = std::make_shared<Session>(std::move(*session));
  auto& sessions = state_->model->sessions;
  std::erase_if(sessions, [](const auto& known) { return known.expired(); });
  sessions.push_back(*state_->session);
}

Result<JsonText> SessionHandle::status() const {
  if (!state_->session) return state_->session.error();
  return JsonObject().add("context", (*state_->session)->context()).done();
}

Result<JsonText> SessionHandle::tokens() const {
  if (!state_->session) return state_->session.error();
  return JsonText{to_json((*state_->session)->tokens())};
}

Result<JsonText> SessionHandle::rewind(double n_tokens) {
  if (!state_->session) return state_->session.error();
  if (!is_whole(n_tokens, kMaxWhole))
    return Error{ErrorCode::invalid_argument, "n_tokens must be a whole number from 0 on", "n_tokens"};
  return told((*state_->session)->rewind(static_cast<size_t>(n_tokens)));
}

SessionHandle SessionHandle::fork() const {
  return {state_->model, state_->session ? (*state_->session)->fork() : Result<Session>(state_->session.error())};
}

GenerationHandle::GenerationHandle(const SessionHandle& session, const std::string& json) : session_(session.state()) {
  generation_ = [&]() -> Result<Generation> {
    if (!session_->session) return session_->session.error();
    SOTTO_ASSIGN(GenerationRequest request, generation_request(json));
    request.options.cancel = cancel_.token();
    Session& timeline = **session_->session;
    if (const auto* messages = std::get_if<std::vector<Message>>(&request.prompt)) return timeline.chat(*messages, request.options);
    if (const auto* ids = std::get_if<std::vector<TokenId>>(&request.prompt)) return timeline.generate(*ids, request.options);
    return timeline.generate(*std::get_if<std::string>(&request.prompt), request.options);
  }();
  if (generation_) prefill_ = generation_->prefill(0);
}

Result<JsonText> GenerationHandle::status() const {
  if (!generation_) return generation_.error();
  return nothing();
}

// False when there is nothing left of the prompt, or a slice computed nothing: then it has met an error, which result() tells.
bool GenerationHandle::prefill(size_t n_tokens) {
  const size_t before = prefill_.done;
  if (before < prefill_.total) prefill_ = generation_->prefill(n_tokens);
  return prefill_.done > before;
}

Result<JsonText> GenerationHandle::step(double max_ms, double slice) {
  if (!generation_) return generation_.error();
  const auto start = Clock::now();
  const auto late = [&] { return std::chrono::duration<double, std::milli>(Clock::now() - start).count() >= max_ms; };
  const size_t n = is_whole(slice, kMaxWhole) && slice > 0 ? static_cast<size_t>(slice) : kSlice;
  std::vector<JsonText> pieces;
  bool done = false, worked = false;
  while (!done && !(worked && late())) {
    worked = true;
    if (prefill(n)) continue;
    const std::optional<Piece> piece = generation_->next();
    if (piece) pieces.push_back(json_of(*piece));
    done = !piece;
  }
  const JsonText progress = JsonObject().add("done", prefill_.done).add("total", prefill_.total).done();
  return JsonObject().add("pieces", pieces).add("prefill", progress).add("done", done).done();
}

Result<JsonText> GenerationHandle::result() {
  if (!generation_) return generation_.error();
  return told(generation_->result());
}

void Sha256Handle::update(uintptr_t address, double bytes) noexcept {
  if (is_whole(bytes, kMaxRoom)) hash_.update({reinterpret_cast<const std::byte*>(address), static_cast<size_t>(bytes)});
}

}  // namespace sotto::facade
