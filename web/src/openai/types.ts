/** The shapes of the `openai` package that this facade takes and gives: parameters of that package's types are taken, and the
 * answers are assignable to its types (tests/web/facades/peers.test.mjs). */

export interface ContentPart {
  /** Only `text` is supported. */
  type: string;
  text?: string;
}

export interface ChatMessageParam {
  /** `tool` and `function` are unsupported; `developer` means `system`. */
  role: 'developer' | 'system' | 'user' | 'assistant' | 'tool' | 'function';
  /** Text parts are joined without anything between them. */
  content?: string | readonly ContentPart[] | null;
  refusal?: string | null;
}

export interface StreamOptions {
  include_usage?: boolean;
}

/** `null` means "not given" everywhere. Ranges are those of `GenerationOptions`. */
export interface SamplingParams {
  /** Not read: the model is the one that the client was made with. */
  model?: string;
  frequency_penalty?: number | null;
  /** From token ids of this model. */
  logit_bias?: { [token: string]: number } | null;
  n?: number | null;
  presence_penalty?: number | null;
  seed?: number | null;
  stop?: string | readonly string[] | null;
  stream?: boolean | null;
  stream_options?: StreamOptions | null;
  /** 1 when absent, as OpenAI has it. 0 is greedy. */
  temperature?: number | null;
  /** 1 when absent. */
  top_p?: number | null;
}

export interface ChatCompletionParams extends SamplingParams {
  messages: readonly ChatMessageParam[];
  logprobs?: boolean | null;
  top_logprobs?: number | null;
  /** When absent, the context's end is the limit. */
  max_completion_tokens?: number | null;
  /** The older name. */
  max_tokens?: number | null;
}

export interface CompletionParams extends SamplingParams {
  /** One text, or the ids of one. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[] | null;
  logprobs?: number | null;
  /** 16 when absent. */
  max_tokens?: number | null;
}

export interface RequestOptions {
  signal?: AbortSignal | null | undefined;
  /** Milliseconds for the whole answer. */
  timeout?: number;
}

export interface CompletionUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
}

export interface TopLogprob {
  token: string;
  /** UTF-8; null where the token is a part of a character only. */
  bytes: number[] | null;
  logprob: number;
}
export interface ChatTokenLogprob extends TopLogprob {
  top_logprobs: TopLogprob[];
}
/** The token that ended the answer is told as well. */
export interface ChatLogprobs {
  content: ChatTokenLogprob[];
  refusal: null;
}
export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: number[];
  top_logprobs: { [token: string]: number }[];
  /** Where each token starts in the text, in UTF-16 units. */
  text_offset: number[];
}

interface Head<Kind extends string> {
  id: string;
  object: Kind;
  /** Seconds since 1970. */
  created: number;
  /** The name in the model's file. */
  model: string;
}

export interface ChatCompletion extends Head<'chat.completion'> {
  choices: {
    index: number;
    message: { role: 'assistant'; content: string; refusal: null };
    finish_reason: 'stop' | 'length';
    logprobs: ChatLogprobs | null;
  }[];
  usage: CompletionUsage;
}

export interface ChatCompletionChunk extends Head<'chat.completion.chunk'> {
  choices: {
    index: number;
    delta: { role?: 'assistant'; content?: string };
    finish_reason: 'stop' | 'length' | null;
    logprobs: ChatLogprobs | null;
  }[];
  usage?: CompletionUsage | null;
}

export interface Completion extends Head<'text_completion'> {
  choices: {
    index: number;
    text: string;
    finish_reason: 'stop' | 'length';
    logprobs: CompletionLogprobs | null;
  }[];
  usage: CompletionUsage;
}

/** The `openai` package has the type of a whole completion here; it hides that `finish_reason` is null up to the last chunk. */
export interface CompletionChunk extends Head<'text_completion'> {
  choices: {
    index: number;
    text: string;
    finish_reason: 'stop' | 'length' | null;
    logprobs: CompletionLogprobs | null;
  }[];
  usage?: CompletionUsage | null;
}
