/** What chat and plain completions have in common. */
import type { FinishReason, Generation, Model, Piece, Usage } from '../types.ts';
import type { CompletionUsage } from './types.ts';

export interface Delta<Logprobs> {
  text: string;
  logprobs: Logprobs | null;
}

/** The pieces that tell something. */
export async function* deltas<Logprobs>(
  generation: Generation,
  logprobsOf: (piece: Piece) => Promise<Logprobs | null> | null,
): AsyncGenerator<Delta<Logprobs>, void, undefined> {
  for await (const piece of generation) {
    const logprobs = await logprobsOf(piece);
    if (piece.text !== '' || logprobs !== null) yield { text: piece.text, logprobs };
  }
}

/** What all chunks of an answer carry. */
export function heading<Kind extends string>(object: Kind, prefix: string, model: Model) {
  const id = crypto.getRandomValues(new Uint8Array(12)).reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), prefix);
  return { id, object, created: Math.floor(Date.now() / 1000), model: model.info.name };
}

export function finishReason(reason: FinishReason): 'stop' | 'length' {
  return reason === 'length' ? 'length' : 'stop'; // what was cancelled or too late was thrown before
}

export function counted({ promptTokens, cachedTokens, completionTokens }: Usage): CompletionUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
