/** A provider for the AI SDK (`ai` 7): `streamText({ model: sotto(model), prompt })`. It has the shape of `LanguageModelV4`, so
 * nothing of the SDK is needed here. What a model here cannot do becomes a warning, as the SDK wants it; parts of a prompt that
 * are no text are an `unsupported` error. Defaults are this package's: greedy, 512 tokens. Its further options go into
 * `settings`, or into `providerOptions.sotto` of a call. */
import { SottoError } from './errors.ts';
import { given, toReadable } from './facades/support.ts';
import type { FinishReason, GenerationOptions, GenerationResult, Message, Model } from './types.ts';

/** What every call of this model starts from; settings of a call win. */
export interface SottoSettings extends Omit<GenerationOptions, 'signal' | 'logprobs'> {
  /** Told to the SDK; default: the name in the model's file. */
  modelId?: string;
}

interface Part {
  type: string;
  text?: string;
}
type PromptMessage = { role: 'system'; content: string } | { role: 'user' | 'assistant' | 'tool'; content: readonly Part[] };

/** What is read of `LanguageModelV4CallOptions`. */
export interface CallOptions {
  prompt: readonly PromptMessage[];
  maxOutputTokens?: number | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  topK?: number | undefined;
  stopSequences?: readonly string[] | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  seed?: number | undefined;
  responseFormat?: { type: 'text' | 'json' } | undefined;
  tools?: readonly unknown[] | undefined;
  toolChoice?: { type: string } | undefined;
  reasoning?: string | undefined;
  includeRawChunks?: boolean | undefined;
  abortSignal?: AbortSignal | undefined;
  providerOptions?: { [provider: string]: { [option: string]: unknown } } | undefined;
}

export interface Warning {
  type: 'unsupported';
  feature: string;
  details?: string;
}

export interface Ending {
  finishReason: { unified: 'stop' | 'length'; raw: FinishReason };
  usage: {
    inputTokens: { total: number; noCache: number; cacheRead: number; cacheWrite: undefined };
    outputTokens: { total: number; text: number; reasoning: undefined };
  };
  /** The seed that was used, and how long it took. */
  providerMetadata: { sotto: { seed: number; timings: { [name: string]: number } } };
}

export type StreamPart =
  | { type: 'stream-start'; warnings: Warning[] }
  | { type: 'response-metadata'; timestamp: Date; modelId: string }
  | { type: 'text-start' | 'text-end'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'raw'; rawValue: unknown }
  | { type: 'error'; error: unknown }
  | ({ type: 'finish' } & Ending);

export class SottoLanguageModel {
  readonly specificationVersion = 'v4';
  readonly provider = 'sotto';
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]> = {};
  readonly #model: Model;
  readonly #settings: Omit<SottoSettings, 'modelId'>;

  constructor(model: Model, { modelId = model.info.name, ...settings }: SottoSettings = {}) {
    this.modelId = modelId;
    this.#model = model;
    this.#settings = settings;
  }

  async doGenerate(options: CallOptions) {
    const response = { timestamp: new Date(), modelId: this.modelId };
    const generation = this.#start(options);
    try {
      const content = [{ type: 'text' as const, text: await generation.text() }];
      return { content, warnings: warnings(options), response, ...ending(await generation.result) };
    } catch (error) {
      options.abortSignal?.throwIfAborted(); // the SDK knows an abort by the signal's own reason
      throw error;
    }
  }

  async doStream(options: CallOptions) {
    const generation = this.#start(options);
    return { stream: toReadable(this.#parts(generation, options), () => generation.cancel()) };
  }

  #start(options: CallOptions) {
    const perCall = given({
      maxTokens: options.maxOutputTokens,
      temperature: options.temperature,
      topP: options.topP,
      topK: options.topK,
      stop: options.stopSequences,
      presencePenalty: options.presencePenalty,
      frequencyPenalty: options.frequencyPenalty,
      seed: options.seed,
      signal: options.abortSignal,
    });
    const ofProvider = options.providerOptions?.['sotto'];
    return this.#model.chat(options.prompt.map(toMessage), { ...this.#settings, ...ofProvider, ...perCall });
  }

  async *#parts(generation: ReturnType<Model['chat']>, options: CallOptions): AsyncGenerator<StreamPart, void, undefined> {
    const id = '0'; // there is one text
    yield { type: 'stream-start', warnings: warnings(options) };
    yield { type: 'response-metadata', timestamp: new Date(), modelId: this.modelId };
    yield { type: 'text-start', id };
    try {
      for await (const piece of generation) {
        if (options.includeRawChunks) yield { type: 'raw', rawValue: piece };
        if (piece.text !== '') yield { type: 'text-delta', id, delta: piece.text };
      }
      const result = await generation.result;
      yield { type: 'text-end', id };
      yield { type: 'finish', ...ending(result) };
    } catch (error) {
      options.abortSignal?.throwIfAborted();
      yield { type: 'error', error };
    }
  }
}

/** A model of the AI SDK that runs here. Closing `model` stays with the caller. */
export function sotto(model: Model, settings?: SottoSettings): SottoLanguageModel {
  return new SottoLanguageModel(model, settings);
}

function warnings({ tools, toolChoice, responseFormat, reasoning }: CallOptions): Warning[] {
  const none: (string | undefined)[] = [undefined, 'auto', 'none', 'text', 'provider-default'];
  const asked = {
    tools: tools !== undefined && tools.length > 0,
    toolChoice: !none.includes(toolChoice?.type),
    responseFormat: !none.includes(responseFormat?.type),
    reasoning: !none.includes(reasoning),
  };
  return Object.entries(asked).filter(([, wanted]) => wanted).map(([feature]) => ({ type: 'unsupported', feature }));
}

function toMessage({ role, content }: PromptMessage, index: number): Message {
  if (typeof content === 'string') return { role, content };
  const texts = content.map((part, i) => {
    if (part.type === 'text' && part.text !== undefined) return part.text;
    const where = `prompt[${index}].content[${i}]`;
    throw new SottoError('unsupported', `${where} is a ${part.type} part of role ${role}, wanted text`, { where });
  });
  return { role, content: texts.join('') };
}

function ending({ finishReason, usage, seed, timings }: GenerationResult): Ending {
  const { promptTokens, cachedTokens, completionTokens } = usage;
  return {
    finishReason: { unified: finishReason === 'length' ? 'length' : 'stop', raw: finishReason },
    usage: {
      inputTokens: { total: promptTokens, noCache: promptTokens - cachedTokens, cacheRead: cachedTokens, cacheWrite: undefined },
      outputTokens: { total: completionTokens, text: completionTokens, reasoning: undefined },
    },
    providerMetadata: { sotto: { seed, timings: { ...timings } } },
  };
}
