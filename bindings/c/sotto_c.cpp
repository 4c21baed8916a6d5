#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "facade/handles.h"
#include "facade/options_json.h"
#include "facade/results_json.h"
#include "formats/utf8.h"
#include "sotto.h"

// Every call is visible outside, whatever the objects around it are built with.
#define SOTTO_C_CALL extern "C" __attribute__((visibility("default")))

namespace f = sotto::facade;

struct sotto_engine {
  f::EngineHandle handle;
};
struct sotto_incoming {
  f::IncomingHandle handle;
};
struct sotto_model {
  f::ModelHandle handle;
};
struct sotto_session {
  f::SessionHandle handle;
};
struct sotto_generation {
  f::GenerationHandle handle;
  std::string text{};  // of the last piece
};

namespace {

using sotto::Error;
using sotto::ErrorCode;
using sotto::Result;
using sotto::Status;

static_assert(static_cast<int>(ErrorCode::internal) + 1 == SOTTO_INTERNAL);

template <size_t size>
void copy_text(char (&out)[size], std::string_view text) {
  size_t n = 0;
  while (n < text.size()) {
    const size_t length = std::max<size_t>(sotto::formats::utf8_length(text.substr(n)), 1);
    if (n + length >= size) break;
    n += length;
  }
  std::memcpy(out, text.data(), n);
  out[n] = '\0';
}

sotto_status told(sotto_error* out, ErrorCode code, std::string_view message, std::string_view where) {
  const auto status = static_cast<sotto_status>(static_cast<int>(code) + 1);
  if (out) {
    out->code = status;
    copy_text(out->message, message);
    copy_text(out->where, where);
  }
  return status;
}

// Runs `call`, which returns a Status; no exception of the standard library leaves it.
template <class Call>
sotto_status guarded(sotto_error* error, Call call) noexcept {
  try {
    if (const Status status = call(); !status)
      return told(error, status.error().code, status.error().message, status.error().where);
    if (error) *error = {};
    return SOTTO_OK;
  } catch (const std::bad_alloc&) {
    return told(error, ErrorCode::out_of_memory, "memory ran out", "");
  } catch (...) {
    return told(error, ErrorCode::internal, "an unexpected exception", "");
  }
}

Error null_argument(const char* name) {
  return {ErrorCode::invalid_argument, std::string(name) + " is NULL", name};
}

const char* or_empty(const char* text) {
  return text ? text : "";
}

Status give(const Result<f::JsonText>& result, char** out) {
  if (!result) return result.error();
  if (!out) return {};
  const std::string& text = result->text;
  *out = static_cast<char*>(std::malloc(text.size() + 1));
  if (!*out) return Error{ErrorCode::out_of_memory, "no memory for a text of " + std::to_string(text.size()) + " bytes", ""};
  std::memcpy(*out, text.c_str(), text.size() + 1);
  return {};
}

// A text of a handle's method.
template <class Handle, class Method>
sotto_status text_of(Handle* handle, char** out, sotto_error* error, Method method) {
  if (out) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (!handle) return null_argument("handle");
    return give(method(handle->handle), out);
  });
}

// A new handle of type C, from a function that makes what it holds.
template <class C, class Make>
sotto_status new_handle(C** out, sotto_error* error, Make make) {
  if (out) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (!out) return null_argument("out");
    std::unique_ptr<C> made(new C{make()});
    if (const auto status = made->handle.status(); !status) return status.error();
    *out = made.release();
    return {};
  });
}

}  // namespace

SOTTO_C_CALL int sotto_abi_version(void) {
  return SOTTO_ABI_VERSION;
}

SOTTO_C_CALL const char* sotto_status_name(int status) {
  if (status == SOTTO_OK) return "ok";
  const bool known = status > SOTTO_OK && status <= SOTTO_INTERNAL;
  return to_string(static_cast<ErrorCode>((known ? status : SOTTO_INTERNAL) - 1)).data();
}

SOTTO_C_CALL void sotto_text_free(char* text) {
  std::free(text);
}

SOTTO_C_CALL sotto_status sotto_engine_new(const char* options, sotto_engine** engine, sotto_error* error) {
  return new_handle(engine, error, [&] { return f::EngineHandle(or_empty(options)); });
}
SOTTO_C_CALL void sotto_engine_free(sotto_engine* engine) {
  delete engine;
}
SOTTO_C_CALL sotto_status sotto_engine_info(const sotto_engine* engine, char** json, sotto_error* error) {
  return text_of(engine, json, error, [](const auto& handle) { return handle.status(); });
}
SOTTO_C_CALL sotto_status sotto_engine_trace(const sotto_engine* engine, char** json, sotto_error* error) {
  return text_of(engine, json, error, [](const auto& handle) { return handle.trace(); });
}

SOTTO_C_CALL sotto_status sotto_inspect(const char* path, char** json, sotto_error* error) {
  if (json) *json = nullptr;
  return guarded(error, [&]() -> Status {
    if (!path) return null_argument("path");
    SOTTO_ASSIGN(const sotto::Inspection inspection, sotto::inspect(path));
    return give(f::json_of(inspection), json);
  });
}

SOTTO_C_CALL sotto_status sotto_plan(const sotto_engine* engine, const char* path, const char* model_options,
                                     const char* session_options, char** json, sotto_error* error) {
  return text_of(engine, json, error, [&](const f::EngineHandle& handle) -> Result<f::JsonText> {
    if (!path) return null_argument("path");
    SOTTO_ASSIGN(const sotto::ModelOptions model, f::model_options(or_empty(model_options)));
    SOTTO_ASSIGN(const sotto::SessionOptions session, f::session_options(or_empty(session_options)));
    SOTTO_ASSIGN(const sotto::MemoryUsage usage, sotto::plan(path, model, session, *handle.state()->engine));
    return f::json_of(usage);
  });
}

SOTTO_C_CALL sotto_status sotto_model_open(const sotto_engine* engine, const char* path, const char* options, sotto_model** model,
                                           sotto_error* error) {
  if (!engine || !path) return guarded(error, [&]() -> Status { return null_argument(engine ? "path" : "engine"); });
  return new_handle(model, error, [&] { return f::ModelHandle(engine->handle, path, or_empty(options)); });
}
SOTTO_C_CALL void sotto_model_free(sotto_model* model) {
  delete model;
}
SOTTO_C_CALL sotto_status sotto_model_info(const sotto_model* model, char** json, sotto_error* error) {
  return text_of(model, json, error, [](const auto& handle) { return handle.info(); });
}
SOTTO_C_CALL sotto_status sotto_model_memory(const sotto_model* model, char** json, sotto_error* error) {
  return text_of(model, json, error, [](const auto& handle) { return handle.memory(); });
}
SOTTO_C_CALL sotto_status sotto_model_tokenize(const sotto_model* model, const char* text, const char* options, char** json,
                                               sotto_error* error) {
  return text_of(model, json, error, [&](const auto& handle) { return handle.tokenize(or_empty(text), or_empty(options)); });
}
SOTTO_C_CALL sotto_status sotto_model_decode(const sotto_model* model, const char* request, char** json, sotto_error* error) {
  return text_of(model, json, error, [&](const auto& handle) { return handle.decode(or_empty(request)); });
}
SOTTO_C_CALL sotto_status sotto_model_apply_template(const sotto_model* model, const char* request, char** json,
                                                     sotto_error* error) {
  return text_of(model, json, error, [&](const auto& handle) { return handle.apply_template(or_empty(request)); });
}

SOTTO_C_CALL sotto_status sotto_incoming_new(const sotto_engine* engine, const char* options, sotto_incoming** incoming,
                                             sotto_error* error) {
  if (!engine) return guarded(error, []() -> Status { return null_argument("engine"); });
  return new_handle(incoming, error, [&] { return f::IncomingHandle(engine->handle, or_empty(options)); });
}
SOTTO_C_CALL void sotto_incoming_free(sotto_incoming* incoming) {
  delete incoming;
}
SOTTO_C_CALL sotto_status sotto_incoming_offer(sotto_incoming* incoming, const char* name, uint64_t bytes, char** state,
                                               sotto_error* error) {
  return text_of(incoming, state, error, [&](auto& handle) { return handle.offer(or_empty(name), static_cast<double>(bytes)); });
}
SOTTO_C_CALL sotto_status sotto_incoming_missing(sotto_incoming* incoming, const char* name, char** state, sotto_error* error) {
  return text_of(incoming, state, error, [&](auto& handle) { return handle.missing(or_empty(name)); });
}
SOTTO_C_CALL sotto_status sotto_incoming_push(sotto_incoming* incoming, const char* name, const void* data, size_t bytes,
                                              char** state, sotto_error* error) {
  return text_of(incoming, state, error, [&](auto& handle) -> Result<f::JsonText> {
    if (!data && bytes > 0) return null_argument("data");
    void* const room = reinterpret_cast<void*>(handle.room(static_cast<double>(bytes)));
    if (!room && bytes > 0)
      return Error{ErrorCode::out_of_memory, "no memory for a piece of " + std::to_string(bytes) + " bytes", "data"};
    if (bytes > 0) std::memcpy(room, data, bytes);
    return handle.commit(or_empty(name), static_cast<double>(bytes));
  });
}
SOTTO_C_CALL sotto_status sotto_incoming_finish(sotto_incoming* incoming, sotto_model** model, sotto_error* error) {
  if (const sotto_status status = text_of(incoming, nullptr, error, [](auto& handle) { return handle.finish(); });
      status != SOTTO_OK)
    return status;
  return new_handle(model, error, [&] { return f::ModelHandle(incoming->handle); });
}

SOTTO_C_CALL sotto_status sotto_session_new(const sotto_model* model, const char* options, sotto_session** session,
                                            sotto_error* error) {
  if (!model) return guarded(error, []() -> Status { return null_argument("model"); });
  return new_handle(session, error, [&] { return f::SessionHandle(model->handle, or_empty(options)); });
}
SOTTO_C_CALL void sotto_session_free(sotto_session* session) {
  delete session;
}
SOTTO_C_CALL sotto_status sotto_session_tokens(const sotto_session* session, char** json, sotto_error* error) {
  return text_of(session, json, error, [](const auto& handle) { return handle.tokens(); });
}
SOTTO_C_CALL sotto_status sotto_session_rewind(sotto_session* session, uint64_t n_tokens, sotto_error* error) {
  return text_of(session, nullptr, error, [&](auto& handle) { return handle.rewind(static_cast<double>(n_tokens)); });
}
SOTTO_C_CALL sotto_status sotto_session_fork(const sotto_session* session, sotto_session** fork, sotto_error* error) {
  if (!session) return guarded(error, []() -> Status { return null_argument("session"); });
  return new_handle(fork, error, [&] { return session->handle.fork(); });
}

SOTTO_C_CALL sotto_status sotto_generation_new(const sotto_session* session, const char* request, sotto_generation** generation,
                                               sotto_error* error) {
  if (!session) return guarded(error, []() -> Status { return null_argument("session"); });
  return new_handle(generation, error, [&] { return f::GenerationHandle(session->handle, or_empty(request)); });
}
SOTTO_C_CALL void sotto_generation_free(sotto_generation* generation) {
  delete generation;
}
SOTTO_C_CALL sotto_status sotto_generation_next(sotto_generation* generation, sotto_piece* piece, sotto_error* error) {
  return guarded(error, [&]() -> Status {
    if (!generation || !piece) return null_argument(generation ? "piece" : "generation");
    std::optional<sotto::Piece> next = generation->handle.generation()->next();
    generation->text = next ? std::move(next->text) : std::string();
    *piece = {generation->text.c_str(), generation->text.size(), next ? next->token : sotto::Piece::kNoToken, next ? 0 : 1};
    // What ended it, if that was an error; cancel and deadline are told in the result.
    if (next) return {};
    const auto result = generation->handle.result();
    return result ? Status() : Status(result.error());
  });
}
SOTTO_C_CALL sotto_status sotto_generation_result(sotto_generation* generation, char** json, sotto_error* error) {
  return text_of(generation, json, error, [](auto& handle) { return handle.result(); });
}
SOTTO_C_CALL void sotto_generation_cancel(sotto_generation* generation) {
  if (generation) generation->handle.cancel();
}
