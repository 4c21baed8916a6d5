/** The surface of Chrome's Prompt API over a model that runs here: `globalThis.LanguageModel ?? createLanguageModel(model)`.
 * Errors are the DOMExceptions Chrome throws. Differences: an answer has at most a quarter of the context; text only, without
 * tools, constraints and prefixes (NotSupportedError); temperature and topK work in pages too. */
import { Conversation } from './prompt-api/conversation.ts';
import { abortable, notSupported } from './prompt-api/errors.ts';
import { Monitor } from './prompt-api/monitor.ts';
import { PARAMS, type Sampling, toSampling } from './prompt-api/sampling.ts';
import { LanguageModelSession } from './prompt-api/session.ts';
import type { Availability, CoreOptions, CreateOptions, Params } from './prompt-api/types.ts';
import type { Model, Progress, SessionOptions } from './types.ts';

export type * from './prompt-api/types.ts';
export type { LanguageModelSession };

/** Loads at the first `create()`: `(onProgress) => load('hf:owner/repo', { onProgress })`. */
export type Loader = (onProgress: (progress: Progress) => void) => Promise<Model>;

/** Of every session. `context`: what the model was made for, at most 4096, whatever it was loaded with. */
export interface LanguageModelSettings extends SessionOptions {
  /** Tokens of an answer, set aside in the context; a quarter of it. */
  maxTokens?: number;
}

/** What Chrome has as static methods of `LanguageModel`. */
export class LanguageModelFactory {
  readonly #source: Model | Loader;
  readonly #settings: LanguageModelSettings;
  readonly #monitors = new Set<Monitor>();
  #loading: Promise<Model> | undefined;
  #availability: Availability;

  constructor(source: Model | Loader, settings: LanguageModelSettings = {}) {
    this.#source = source;
    this.#settings = settings;
    this.#availability = typeof source === 'function' ? 'downloadable' : 'available';
  }

  async availability(options: CoreOptions = {}): Promise<Availability> {
    return missing(options) === undefined ? this.#availability : 'unavailable';
  }

  async params(): Promise<Params> {
    return PARAMS;
  }

  /** A conversation with its own cache. Aborting the signal also ends the session later. A load that was begun for it goes on. */
  async create(options: CreateOptions = {}): Promise<LanguageModelSession> {
    const what = missing(options);
    if (what !== undefined) throw notSupported(`${what} is not supported`);
    const sampling = toSampling(options);
    const signal = options.signal ?? new AbortController().signal;
    const monitor = new Monitor();
    options.monitor?.(monitor);
    return abortable(this.#create(options, sampling, signal, monitor), signal);
  }

  async #create(
    { initialPrompts }: CreateOptions, sampling: Sampling, signal: AbortSignal, monitor: Monitor,
  ): Promise<LanguageModelSession> {
    signal.throwIfAborted();
    monitor.tell(0);
    const model = await this.#load(monitor);
    signal.throwIfAborted();
    monitor.tell(1);

    const { maxTokens: wanted, context: asked, ...others } = this.#settings;
    const context = asked || Math.min(model.info.maxContext, 4096);
    const maxTokens = wanted ?? Math.floor(context / 4);
    const session = await model.newSession({ ...others, context, signal });
    const conversation = new Conversation(model);
    const made = new LanguageModelSession({ session, conversation, sampling, window: context - maxTokens, maxTokens });
    const destroy = () => made.destroy(signal.reason);
    signal.addEventListener('abort', destroy, { once: true });
    if (signal.aborted) destroy();
    try {
      if (initialPrompts?.length) await made.append(initialPrompts);
    } catch (error) {
      made.destroy();
      throw error;
    }
    conversation.pin();
    return made;
  }

  /** All that wait for the model wait for one load. */
  async #load(monitor: Monitor): Promise<Model> {
    if (typeof this.#source !== 'function') return this.#source;
    this.#monitors.add(monitor);
    try {
      if (this.#loading === undefined) {
        this.#availability = 'downloading';
        this.#loading = this.#source((progress) => this.#monitors.forEach((each) => each.onProgress(progress)));
      }
      const model = await this.#loading;
      this.#availability = 'available';
      return model;
    } catch (error) {
      this.#loading = undefined;
      this.#availability = 'downloadable';
      throw error;
    } finally {
      this.#monitors.delete(monitor);
    }
  }
}

export function createLanguageModel(source: Model | Loader, settings?: LanguageModelSettings): LanguageModelFactory {
  return new LanguageModelFactory(source, settings);
}

/** The first thing asked for that a model of text cannot do. */
function missing({ expectedInputs = [], expectedOutputs = [], tools = [] }: CoreOptions): string | undefined {
  if (tools.length > 0) return 'tools';
  return [...expectedInputs, ...expectedOutputs].find(({ type }) => type !== 'text')?.type;
}
