import type { Generation, Model } from '../types.ts';
import { type Delta, counted, deltas, finishReason, heading } from './answer.ts';
import { chatLogprobs } from './logprobs.ts';
import { chatRequest } from './request.ts';
import { Stream, abortable } from './stream.ts';
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionParams, ChatLogprobs, RequestOptions } from './types.ts';

type Deltas = AsyncIterable<Delta<ChatLogprobs>>;
type Choice = ChatCompletionChunk['choices'][number];

export class ChatCompletions {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Answers a conversation. */
  create(params: ChatCompletionParams & { stream: true }, options?: RequestOptions): Promise<Stream<ChatCompletionChunk>>;
  create(params: ChatCompletionParams & { stream?: false | null }, options?: RequestOptions): Promise<ChatCompletion>;
  create(params: ChatCompletionParams, options?: RequestOptions): Promise<ChatCompletion | Stream<ChatCompletionChunk>>;
  async create(params: ChatCompletionParams, options: RequestOptions = {}) {
    const model = this.#model;
    const [controller, control] = abortable(options);
    const { messages, generationOptions } = chatRequest(params, control, model.info.maxContext);
    const generation = model.chat(messages, generationOptions);
    const pieces = deltas(generation, params.logprobs ? chatLogprobs(model) : () => null);
    if (!params.stream) return whole(model, generation, pieces);
    return new Stream(chunks(model, generation, pieces, params.stream_options?.include_usage === true), controller);
  }
}

async function whole(model: Model, generation: Generation, pieces: Deltas): Promise<ChatCompletion> {
  const head = heading('chat.completion', 'chatcmpl-', model);
  let content = '';
  let logprobs: ChatLogprobs | null = null;
  for await (const piece of pieces) {
    content += piece.text;
    if (piece.logprobs) (logprobs ??= { content: [], refusal: null }).content.push(...piece.logprobs.content);
  }
  const result = await generation.result;
  const message = { role: 'assistant', content, refusal: null } as const;
  const choice = { index: 0, message, finish_reason: finishReason(result.finishReason), logprobs };
  return { ...head, choices: [choice], usage: counted(result.usage) };
}

async function* chunks(
  model: Model, generation: Generation, pieces: Deltas, withUsage: boolean,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const head = { ...heading('chat.completion.chunk', 'chatcmpl-', model), ...(withUsage && { usage: null }) };
  const chunk = (delta: Choice['delta'], rest: Partial<Choice> = {}): ChatCompletionChunk =>
    ({ ...head, choices: [{ index: 0, delta, finish_reason: null, logprobs: null, ...rest }] });

  yield chunk({ role: 'assistant', content: '' });
  for await (const { text, logprobs } of pieces) yield chunk({ content: text }, { logprobs });
  const result = await generation.result;
  yield chunk({}, { finish_reason: finishReason(result.finishReason) });
  if (withUsage) yield { ...head, choices: [], usage: counted(result.usage) };
}
