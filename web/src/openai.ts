/** The shape of the `openai` package over a model that runs here: `chat.completions.create()` and `completions.create()`,
 * streamed or not. Defaults are OpenAI's: temperature 1, top_p 1, no top-k; a chat answer ends with the context, a completion
 * after 16 tokens. Penalties look at the last 64 tokens, those of the prompt included. Errors are `SottoError`s: `unsupported`
 * for parameters that exist and cannot be had here, `invalid_argument` for unknown ones, both with the names in `where`. */
import { ChatCompletions } from './openai/chat.ts';
import { Completions } from './openai/completion.ts';
import type { Model } from './types.ts';

export type * from './openai/types.ts';
export type { ChatCompletions } from './openai/chat.ts';
export type { Completions } from './openai/completion.ts';
export { Stream } from './openai/stream.ts';

export class OpenAI {
  readonly chat: { readonly completions: ChatCompletions };
  readonly completions: Completions;

  constructor(model: Model) {
    this.chat = { completions: new ChatCompletions(model) };
    this.completions = new Completions(model);
  }
}

export function createOpenAI(model: Model): OpenAI {
  return new OpenAI(model);
}
