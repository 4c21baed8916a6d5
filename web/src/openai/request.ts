/** From the parameters of OpenAI to the words of this package. Nothing is dropped silently: what would change the answer and
 * cannot be had is refused by name. */
import { SottoError } from '../errors.ts';
import { given } from '../facades/support.ts';
import type { GenerationOptions, Message } from '../types.ts';
import type { ChatCompletionParams, ChatMessageParam, CompletionParams, RequestOptions, SamplingParams } from './types.ts';

/** Said to OpenAI, about accounts, caches and billing: without effect on an answer computed here. */
const WITHOUT_EFFECT = [
  'model', 'user', 'metadata', 'safety_identifier', 'service_tier',
  'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention',
];
const SAMPLING = [
  'frequency_penalty', 'logit_bias', 'logprobs', 'max_tokens', 'presence_penalty', 'seed', 'stop', 'stream', 'stream_options',
  'temperature', 'top_p', ...WITHOUT_EFFECT,
];
const CHAT = ['messages', 'max_completion_tokens', 'top_logprobs', ...SAMPLING];
const COMPLETION = ['prompt', ...SAMPLING];

/** Parameters that exist, with a test for values that ask for nothing special. */
type Refused = { readonly [name: string]: (value: unknown) => boolean };
const always = () => false;
const but = (harmless: unknown) => (value: unknown) => value === harmless;
const butEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const CHAT_REFUSED: Refused = {
  n: but(1), audio: always, function_call: but('none'), functions: butEmpty, modalities: (value) => String(value) === 'text',
  moderation: always, parallel_tool_calls: always, prediction: always, reasoning_effort: but('none'),
  response_format: (value) => (value as { type?: unknown }).type === 'text', store: but(false), tool_choice: but('none'),
  tools: butEmpty, verbosity: always, web_search_options: always,
};
const COMPLETION_REFUSED: Refused = { n: but(1), best_of: but(1), echo: but(false), suffix: always };
const MESSAGE = ['role', 'content'];
const MESSAGE_REFUSED: Refused = {
  annotations: butEmpty, audio: always, function_call: always, name: always, refusal: always, tool_calls: butEmpty,
  tool_call_id: always,
};
const ROLES = { developer: 'system', system: 'system', user: 'user', assistant: 'assistant' };

/** Throws invalid_argument for unknown fields, unsupported for those that exist and cannot be had; all of them at once. */
function checkFields(fields: object, known: readonly string[], refused: Refused, prefix = ''): void {
  const others = Object.entries(fields).filter(([name, value]) => value !== null && value !== undefined && !known.includes(name));
  const exists = (name: string) => Object.hasOwn(refused, name);
  const unknown = others.filter(([name]) => !exists(name));
  const wrong = others.filter(([name, value]) => exists(name) && !refused[name]?.(value));
  for (const [code, list, why] of [['invalid_argument', unknown, 'unknown'], ['unsupported', wrong, 'not supported']] as const) {
    const where = list.map(([name]) => prefix + name).join(', ');
    if (where !== '') throw new SottoError(code, `${where}: ${why}`, { where });
  }
}

function checkObject(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) throw new SottoError('invalid_argument', `${where} is no object`, { where });
}

function textOf(content: ChatMessageParam['content'], where: string, optional: boolean): string {
  if (typeof content === 'string') return content;
  if ((content === null || content === undefined) && optional) return '';
  if (!Array.isArray(content)) throw new SottoError('invalid_argument', `${where} is no text and no list of parts`, { where });
  return content.map((part: { type?: unknown; text?: unknown }, i) => {
    if (part?.type === 'text' && typeof part.text === 'string') return part.text;
    throw new SottoError('unsupported', `${where}[${i}] is ${part?.type}, wanted text`, { where: `${where}[${i}]` });
  }).join('');
}

function toMessage(message: ChatMessageParam, index: number): Message {
  const where = `messages[${index}]`;
  checkObject(message, where);
  checkFields(message, MESSAGE, MESSAGE_REFUSED, `${where}.`);
  const { role } = message;
  if (role === 'tool' || role === 'function' || !Object.hasOwn(ROLES, role)) {
    const code = role === 'tool' || role === 'function' ? 'unsupported' : 'invalid_argument';
    throw new SottoError(code, `${where}.role is ${role}, wanted system, user or assistant`, { where: `${where}.role` });
  }
  return { role: ROLES[role], content: textOf(message.content, `${where}.content`, role === 'assistant') };
}

function samplingOptions(params: SamplingParams, { signal, timeout, ...others }: RequestOptions): GenerationOptions {
  checkFields(others, [], {});
  if (params.stream_options && !params.stream)
    throw new SottoError('invalid_argument', 'stream_options needs stream', { where: 'stream_options' });
  checkFields(params.stream_options ?? {}, ['include_usage'], { include_obfuscation: but(false) }, 'stream_options.');
  const logitBias = params.logit_bias && Object.entries(params.logit_bias).map(([id, bias]) => ({ token: Number(id), bias }));
  return given({
    frequencyPenalty: params.frequency_penalty,
    logitBias,
    presencePenalty: params.presence_penalty,
    seed: params.seed,
    signal,
    stop: params.stop,
    temperature: params.temperature ?? 1,
    timeout,
    topK: 0, // OpenAI has none
    topP: params.top_p ?? 1,
  });
}

export function chatRequest(params: ChatCompletionParams, options: RequestOptions, contextLength: number) {
  checkObject(params, 'params');
  checkFields(params, CHAT, CHAT_REFUSED);
  const { messages, max_tokens: older, max_completion_tokens: newer, logprobs, top_logprobs: topLogprobs } = params;
  if (!Array.isArray(messages)) throw new SottoError('invalid_argument', 'messages is no list', { where: 'messages' });
  if (older && newer && older !== newer)
    throw new SottoError('invalid_argument', 'max_tokens and max_completion_tokens differ', { where: 'max_completion_tokens' });
  if (topLogprobs && !logprobs)
    throw new SottoError('invalid_argument', 'top_logprobs needs logprobs', { where: 'top_logprobs' });
  const generationOptions: GenerationOptions = {
    ...samplingOptions(params, options),
    maxTokens: newer ?? older ?? contextLength,
    ...(logprobs && { logprobs: topLogprobs ?? 0 }),
  };
  return { messages: (messages as readonly ChatMessageParam[]).map(toMessage), generationOptions };
}

export function completionRequest(params: CompletionParams, options: RequestOptions) {
  checkObject(params, 'params');
  checkFields(params, COMPLETION, COMPLETION_REFUSED);
  const generationOptions: GenerationOptions = {
    ...samplingOptions(params, options),
    maxTokens: params.max_tokens ?? 16,
    ...given({ logprobs: params.logprobs }),
  };
  return { prompt: onePrompt(params.prompt), generationOptions };
}

function onePrompt(prompt: CompletionParams['prompt'] | undefined): string | readonly number[] {
  if (typeof prompt === 'string') return prompt;
  if (prompt === null) return ''; // the beginning of a new document
  if (!Array.isArray(prompt)) throw new SottoError('invalid_argument', 'prompt is no text and no list', { where: 'prompt' });
  const list = prompt as readonly (string | number | readonly number[])[];
  if (list.length > 0 && list.every((entry) => typeof entry === 'number')) return list as readonly number[];
  const [only] = list;
  if (list.length !== 1 || typeof only === 'number' || only === undefined)
    throw new SottoError('unsupported', `prompt has ${list.length} entries, wanted one`, { where: 'prompt' });
  return only;
}
