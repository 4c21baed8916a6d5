/** A model that follows a script. */
import { SottoError } from '../../src/errors.ts';
import type {
  Generation,
  GenerationOptions,
  GenerationResult,
  Inspection,
  LoadOptions,
  MemoryReport,
  Message,
  Model,
  ModelInfo,
  Piece,
  Session,
} from '../../src/types.ts';
import { pause } from './pause.ts';
import { pieces, scriptFor } from './script.ts';
import { traceOf } from './trace.ts';

const tokenMs = 6;

export class FakeModel implements Model {
  readonly info: ModelInfo;
  readonly #weights: number;
  #nTokens = 0;
  #promptTokens = 24;
  #closed = false;

  constructor(id: string, weights: number, options: LoadOptions) {
    this.#weights = weights;
    const isolated = globalThis.crossOriginIsolated;
    this.info = {
      architecture: id.includes('gemma') ? 'gemma3' : 'llama',
      name: id,
      parameters: id.includes('gemma') ? 268_098_176 : 134_515_008,
      nLayers: 30,
      dim: 576,
      nHeads: 9,
      nKvHeads: 3,
      headDim: 64,
      ffnDim: 1536,
      nVocab: 49152,
      maxContext: 8192,
      largestWindow: 0,
      headScreenBytes: 0,
      loadMs: 412,
      threads: isolated ? options.threads || 2 : 1,
      ...(!isolated && { threadsReason: 'this page is not isolated, so memory cannot be shared' }),
      variant: options.variant === 'simd128' ? 'simd128' : 'relaxed',
      hasChatTemplate: !id.includes('gemma') && !id.includes('no-template'),
      warnings: [],
    };
  }

  chat(messages: readonly Message[], options: GenerationOptions = {}): Generation {
    return this.#run(
      messages.at(-1)!.content,
      messages.reduce((sum, { content }) => sum + pieces(content).length + 4, 0),
      options,
    );
  }

  generate(prompt: string | readonly number[], options: GenerationOptions = {}): Generation {
    const text = typeof prompt === 'string' ? prompt : 'long';
    return this.#run(text, typeof prompt === 'string' ? pieces(prompt).length : prompt.length, options);
  }

  #run(prompt: string, promptTokens: number, options: GenerationOptions): Generation {
    this.#promptTokens = promptTokens;
    const generation = new FakeGeneration(
      prompt,
      promptTokens,
      options,
      (n) => (this.#nTokens = /untraced/.test(prompt) ? 1 : n),
    );
    if (this.#closed) generation.cancel();
    return generation;
  }

  async tokenize(text: string): Promise<number[]> {
    return pieces(text).map((_, i) => i);
  }

  async memory(): Promise<MemoryReport> {
    return {
      weightsBytes: this.#weights * 1.04,
      tokenizerBytes: 2_415_616,
      kvBytes: 94_371_840,
      scratchBytes: 14_200_832,
      linearBytes: this.#weights * 1.04 + 118_000_000,
    };
  }

  async trace() {
    return { traceEvents: traceOf(this.#nTokens, this.#promptTokens) };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // The page uses none of these.
  newSession(): Promise<Session> {
    throw new SottoError('unsupported', 'not in the stand-in');
  }
  decode(): Promise<string> {
    throw new SottoError('unsupported', 'not in the stand-in');
  }
  applyTemplate(): Promise<string> {
    throw new SottoError('unsupported', 'not in the stand-in');
  }
  inspect(): Promise<Inspection> {
    throw new SottoError('unsupported', 'not in the stand-in');
  }
}

class FakeGeneration implements Generation {
  readonly result: Promise<GenerationResult>;
  readonly #prompt: string;
  readonly #promptTokens: number;
  readonly #options: GenerationOptions;
  readonly #ontokens: (n: number) => void;
  readonly #queue: Piece[] = [];
  #wake: () => void = () => undefined;
  #cancelled = false;
  #ended = false;
  #listener: (progress: { done: number; total: number }) => void = () => undefined;

  constructor(prompt: string, promptTokens: number, options: GenerationOptions, ontokens: (n: number) => void) {
    this.#prompt = prompt;
    this.#promptTokens = promptTokens;
    this.#options = options;
    this.#ontokens = ontokens;
    options.signal?.addEventListener('abort', () => this.cancel());
    this.result = this.#compute().finally(() => {
      this.#ended = true;
      this.#wake();
    });
    this.result.catch(() => undefined);
  }

  async #compute(): Promise<GenerationResult> {
    if (this.#options.temperature === 42) {
      throw new SottoError('invalid_argument', 'temperature is 42, and the stand-in does not like it', { where: 'temperature' });
    }
    const total = this.#promptTokens;
    for (const done of [0, total >> 1, total]) {
      this.#listener({ done, total });
      await pause(20);
    }
    if (/fail/i.test(this.#prompt))
      throw new SottoError('context_overflow', 'the conversation has 4200 tokens, and the context holds 4096');
    if (/lost/i.test(this.#prompt)) throw new SottoError('worker_lost', 'the worker of this model ended');
    const all = pieces(scriptFor(this.#prompt));
    const said = all.slice(0, this.#options.maxTokens ?? 512);
    const tokens: number[] = [];
    for (const text of said) {
      if (this.#cancelled) break;
      tokens.push(tokens.length);
      this.#queue.push({ text, token: tokens.length });
      this.#ontokens(tokens.length);
      this.#wake();
      await pause(tokenMs);
    }
    const cut = said.length < all.length || this.#options.ignoreEos;
    return {
      text: said.slice(0, tokens.length).join(''),
      tokens,
      promptTokens: [],
      stopString: '',
      seed: 1,
      invalidBytes: 0,
      finishReason: this.#cancelled ? 'cancelled' : cut ? 'length' : 'stop',
      usage: { promptTokens: total, cachedTokens: 0, completionTokens: tokens.length },
      timings: {
        tokenizeMs: 0.2,
        prefillMs: 96,
        firstTokenMs: 104,
        decodeMs: 10.7 * tokens.length,
        prefillTps: 250,
        decodeTps: 93.4,
      },
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Piece, void> {
    for (;;) {
      while (this.#queue.length) yield this.#queue.shift()!;
      if (this.#ended) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const { finishReason } = await this.result;
    if (finishReason === 'cancelled') throw new SottoError('cancelled', 'the generation was cancelled');
  }

  async text(): Promise<string> {
    return (await this.result).text;
  }
  toReadableStream(): ReadableStream<string> {
    throw new SottoError('unsupported', 'not in the stand-in');
  }
  cancel(): void {
    this.#cancelled = true;
  }
  onPrefill(listener: (progress: { done: number; total: number }) => void): this {
    this.#listener = listener;
    return this;
  }
}
