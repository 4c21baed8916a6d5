/* Sotto for C and for every language that can call C. C11; no other header of Sotto is needed.
 *
 * Each call that can fail returns a sotto_status and, where `error` is not NULL, fills it in. Handles are opaque: one thread at a
 * time per handle, different handles at once; sotto_generation_cancel() from any thread. Free in any order: what a handle needs
 * lives on. Options, requests and results are JSON texts in UTF-8 with the names of the C++ structures (sotto/generation.h and
 * others); NULL or
 * "" means the defaults; an unknown name, a wrong type or a number out of range is SOTTO_INVALID_ARGUMENT that names the field.
 * Texts that are given out are freed by sotto_text_free(). Nothing is printed, nothing exits. */
#ifndef SOTTO_H
#define SOTTO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOTTO_ABI_VERSION 1

typedef enum sotto_status {
  SOTTO_OK = 0,
  SOTTO_INVALID_ARGUMENT,
  SOTTO_NOT_FOUND,
  SOTTO_IO_ERROR,
  SOTTO_BAD_MODEL,
  SOTTO_UNSUPPORTED,
  SOTTO_INTEGRITY_ERROR,
  SOTTO_OUT_OF_MEMORY,
  SOTTO_CONTEXT_OVERFLOW,
  SOTTO_TEMPLATE_ERROR,
  SOTTO_TOKENIZER_ERROR,
  SOTTO_NUMERIC_FAULT,
  SOTTO_CANCELLED,
  SOTTO_DEADLINE_EXCEEDED,
  SOTTO_CONCURRENT_USE,
  SOTTO_INTERNAL
} sotto_status;

/* Longer texts are cut at a character. */
typedef struct sotto_error {
  sotto_status code;
  char message[1024]; /* one sentence */
  char where[256];    /* key, tensor, field, option or file; may be empty */
} sotto_error;

typedef struct sotto_engine sotto_engine;
typedef struct sotto_incoming sotto_incoming;
typedef struct sotto_model sotto_model;
typedef struct sotto_session sotto_session;
typedef struct sotto_generation sotto_generation;

/* SOTTO_ABI_VERSION of the library: what was compiled against must be the same. */
int sotto_abi_version(void);
/* "ok", "bad_model", ...; never NULL. */
const char* sotto_status_name(int status);
void sotto_text_free(char* text);

/* Options: threads, target, memory_limit_bytes, trace. */
sotto_status sotto_engine_new(const char* options, sotto_engine** engine, sotto_error* error);
void sotto_engine_free(sotto_engine* engine);
/* {"threads", "target"} */
sotto_status sotto_engine_info(const sotto_engine* engine, char** json, sotto_error* error);
/* Trace Event Format; SOTTO_UNSUPPORTED without the option trace. */
sotto_status sotto_engine_trace(const sotto_engine* engine, char** json, sotto_error* error);

/* What a file or folder holds, and how many bytes a load and a session will take; weights are not read. */
sotto_status sotto_inspect(const char* path, char** json, sotto_error* error);
sotto_status sotto_plan(const sotto_engine* engine, const char* path, const char* model_options, const char* session_options,
                        char** json, sotto_error* error);

/* Options: quantize, activations, screen_head, guess_pre_tokenizer, tokenizer_required, warm_up, timeout_ms. */
sotto_status sotto_model_open(const sotto_engine* engine, const char* path, const char* options, sotto_model** model,
                              sotto_error* error);
void sotto_model_free(sotto_model* model);
sotto_status sotto_model_info(const sotto_model* model, char** json, sotto_error* error);
/* {"weights_bytes", "tokenizer_bytes", "kv_bytes", "scratch_bytes"}, with all sessions that are open. */
sotto_status sotto_model_memory(const sotto_model* model, char** json, sotto_error* error);
/* Options: add_special, parse_special. A list of ids. */
sotto_status sotto_model_tokenize(const sotto_model* model, const char* text, const char* options, char** json, sotto_error* error);
/* Request: {"tokens": [...], "skip_special"}. A JSON string. */
sotto_status sotto_model_decode(const sotto_model* model, const char* request, char** json, sotto_error* error);
/* Request: {"messages": [{"role", "content"}], "add_generation_prompt"}. A JSON string. */
sotto_status sotto_model_apply_template(const sotto_model* model, const char* request, char** json, sotto_error* error);

/* A model whose bytes are pushed. Each call gives the state, where `state` is not NULL:
 * {"wanted": {"file", "offset", "known"} or null, "headers", "done_bytes", "total_bytes"}; see sotto/incoming_model.h. */
sotto_status sotto_incoming_new(const sotto_engine* engine, const char* options, sotto_incoming** incoming, sotto_error* error);
void sotto_incoming_free(sotto_incoming* incoming);
sotto_status sotto_incoming_offer(sotto_incoming* incoming, const char* name, uint64_t bytes, char** state, sotto_error* error);
sotto_status sotto_incoming_missing(sotto_incoming* incoming, const char* name, char** state, sotto_error* error);
sotto_status sotto_incoming_push(sotto_incoming* incoming, const char* name, const void* data, size_t bytes, char** state,
                                 sotto_error* error);
sotto_status sotto_incoming_finish(sotto_incoming* incoming, sotto_model** model, sotto_error* error);

/* Options: context, cache, prefill_chunk. */
sotto_status sotto_session_new(const sotto_model* model, const char* options, sotto_session** session, sotto_error* error);
void sotto_session_free(sotto_session* session);
sotto_status sotto_session_tokens(const sotto_session* session, char** json, sotto_error* error);
sotto_status sotto_session_rewind(sotto_session* session, uint64_t n_tokens, sotto_error* error);
sotto_status sotto_session_fork(const sotto_session* session, sotto_session** fork, sotto_error* error);

/* Request: one of {"prompt": text}, {"tokens": [...]}, {"messages": [...]}, with max_tokens, temperature, ..., timeout_ms. */
sotto_status sotto_generation_new(const sotto_session* session, const char* request, sotto_generation** generation,
                                  sotto_error* error);
void sotto_generation_free(sotto_generation* generation);

typedef struct sotto_piece {
  const char* text; /* valid until the next call; may be empty, ends with a zero */
  size_t text_bytes;
  int32_t token; /* -1: text that was held back */
  int done;      /* 1: there is no piece, the generation has ended */
} sotto_piece;
sotto_status sotto_generation_next(sotto_generation* generation, sotto_piece* piece, sotto_error* error);
/* Runs to the end if it is not there: {"text", "tokens", "finish_reason", "usage", "timings", ...} */
sotto_status sotto_generation_result(sotto_generation* generation, char** json, sotto_error* error);
void sotto_generation_cancel(sotto_generation* generation);

#ifdef __cplusplus
}
#endif
#endif /* SOTTO_H */
