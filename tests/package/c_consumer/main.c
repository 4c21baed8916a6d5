/* A plain C program that knows sotto.h only: c_consumer MODEL. Prints the answer. */
#include <sotto.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *call, const sotto_error *error) {
  fprintf(stderr, "%s: %s: %s (%s)\n", call, sotto_status_name(error->code), error->message, error->where);
  return 1;
}

int main(int argc, char **argv) {
  sotto_error error;
  sotto_engine *engine = NULL;
  sotto_model *model = NULL;
  sotto_session *session = NULL;
  sotto_generation *generation = NULL;
  sotto_piece piece;
  char *json = NULL;
  size_t n_pieces = 0;

  if (sotto_abi_version() != SOTTO_ABI_VERSION || argc != 2) return 2;
  if (sotto_engine_new("{\"threads\": 2}", &engine, &error) != SOTTO_OK) return fail("engine", &error);
  if (sotto_model_open(engine, argv[1], NULL, &model, &error) != SOTTO_OK) return fail("open", &error);
  if (sotto_session_new(model, "{\"context\": 64}", &session, &error) != SOTTO_OK) return fail("session", &error);
  if (sotto_generation_new(session, "{\"prompt\": \"Once\", \"max_tokens\": 8}", &generation, &error) != SOTTO_OK)
    return fail("generation", &error);
  for (;;) {
    if (sotto_generation_next(generation, &piece, &error) != SOTTO_OK) return fail("next", &error);
    if (piece.done) break;
    ++n_pieces;
    fwrite(piece.text, 1, piece.text_bytes, stdout);
  }
  if (sotto_generation_result(generation, &json, &error) != SOTTO_OK) return fail("result", &error);
  if (n_pieces == 0 || strstr(json, "\"finish_reason\"") == NULL) return 1;
  sotto_text_free(json);

  /* A wrong option is told by its name, and leaves no handle. */
  sotto_generation_free(generation);
  if (sotto_generation_new(session, "{\"prompt\": \"x\", \"top_p\": 2}", &generation, &error) != SOTTO_INVALID_ARGUMENT) return 1;
  if (generation != NULL || strstr(error.where, "top_p") == NULL) return 1;

  /* In any order: what a handle needs lives on. */
  sotto_engine_free(engine);
  sotto_model_free(model);
  sotto_session_free(session);
  return 0;
}
