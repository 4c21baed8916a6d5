#include "answer.h"

#include <unistd.h>

#include <cstdio>

#include "result_json.h"

namespace sotto::cli {

Result<Answer> stream(Generation& generation, bool has_text, const CommonOptions& common) {
  Answer answer;
  bool first = true;
  for (const Piece& piece : generation) {
    if (piece.logprob) answer.logprobs.push_back(json_of(piece));
    if (common.json || (!has_text && piece.token == Piece::kNoToken)) continue;
    SOTTO_TRY(print(has_text ? piece.text : (first ? "" : " ") + std::to_string(piece.token)));
    first = false;
  }
  auto result = generation.result();
  if (!common.json && (result || !first)) SOTTO_TRY(print("\n"));
  if (!result) return std::move(result).error();
  answer.result = std::move(*result);
  return answer;
}

void print_speed(const GenerationResult& result, const CommonOptions& common) {
  if (common.quiet || !isatty(STDERR_FILENO)) return;
  const Timings& timings = result.timings;
  std::fprintf(stderr, "%zu tokens read at %.0f/s, %zu written at %.1f/s, the first after %.2f s\n",
               result.usage.prompt_tokens - result.usage.cached_tokens, timings.prefill_tps, result.usage.completion_tokens,
               timings.decode_tps, timings.first_token_ms / 1000);
}

}  // namespace sotto::cli
