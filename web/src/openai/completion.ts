import type { Generation, Model } from '../types.ts';
import { type Delta, counted, deltas, finishReason, heading } from './answer.ts';
import { completionLogprobs } from './logprobs.ts';
import { completionRequest } from './request.ts';
import { Stream, abortable } from './stream.ts';
import type { Completion, CompletionChunk, CompletionLogprobs, CompletionParams, RequestOptions } from './types.ts';

type Deltas = AsyncIterable<Delta<CompletionLogprobs>>;
type Choice = CompletionChunk['choices'][number];

export class Completions {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Continues a text as it is: no chat template. */
  create(params: CompletionParams & { stream: true }, options?: RequestOptions): Promise<Stream<CompletionChunk>>;
  create(params: CompletionParams & { stream?: false | null }, options?: RequestOptions): Promise<Completion>;
  create(params: CompletionParams, options?: RequestOptions): Promise<Completion | Stream<CompletionChunk>>;
  async create(params: CompletionParams, options: RequestOptions = {}) {
    const model = this.#model;
    const [controller, control] = abortable(options);
    const { prompt, generationOptions } = completionRequest(params, control);
    const generation = model.generate(prompt, generationOptions);
    const wanted = generationOptions.logprobs !== undefined;
    const pieces = deltas(generation, wanted ? completionLogprobs(model) : () => null);
    if (!params.stream) return whole(model, generation, pieces);
    return new Stream(chunks(model, generation, pieces, params.stream_options?.include_usage === true), controller);
  }
}

async function whole(model: Model, generation: Generation, pieces: Deltas): Promise<Completion> {
  const head = heading('text_completion', 'cmpl-', model);
  let text = '';
  let logprobs: CompletionLogprobs | null = null;
  for await (const piece of pieces) {
    text += piece.text;
    if (piece.logprobs) logprobs = joined(logprobs, piece.logprobs);
  }
  const result = await generation.result;
  const choice = { index: 0, text, finish_reason: finishReason(result.finishReason), logprobs };
  return { ...head, choices: [choice], usage: counted(result.usage) };
}

function joined(first: CompletionLogprobs | null, second: CompletionLogprobs): CompletionLogprobs {
  if (first === null) return second;
  return {
    tokens: [...first.tokens, ...second.tokens],
    token_logprobs: [...first.token_logprobs, ...second.token_logprobs],
    top_logprobs: [...first.top_logprobs, ...second.top_logprobs],
    text_offset: [...first.text_offset, ...second.text_offset],
  };
}

async function* chunks(
  model: Model, generation: Generation, pieces: Deltas, withUsage: boolean,
): AsyncGenerator<CompletionChunk, void, undefined> {
  const head = { ...heading('text_completion', 'cmpl-', model), ...(withUsage && { usage: null }) };
  const chunk = (text: string, rest: Partial<Choice> = {}): CompletionChunk =>
    ({ ...head, choices: [{ index: 0, text, finish_reason: null, logprobs: null, ...rest }] });

  for await (const { text, logprobs } of pieces) yield chunk(text, { logprobs });
  const result = await generation.result;
  yield chunk('', { finish_reason: finishReason(result.finishReason) });
  if (withUsage) yield { ...head, choices: [], usage: counted(result.usage) };
}
