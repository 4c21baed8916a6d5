/** Model and Session: what load() gives. Every method checks its arguments, asks the worker, and turns the answer over. */
import type { Client } from './client.ts';
import { SottoError, toSottoError } from './errors.ts';
import { RunningGeneration } from './generation.ts';
import {
  checkChat,
  checkCount,
  checkDecode,
  checkPrompt,
  checkSession,
  checkTemplate,
  checkTokenize,
  sessionPart,
  withoutControl,
} from './options.ts';
import type { Prompt } from './options.ts';
import { ownSession } from './protocol.ts';
import type { Method, Params, Value } from './protocol.ts';
import type {
  Control,
  DecodeOptions,
  Generation,
  GenerationOptions,
  Inspection,
  MemoryReport,
  Message,
  Model,
  ModelInfo,
  Session,
  SessionOptions,
  TemplateOptions,
  TokenizeOptions,
  TraceEvent,
} from './types.ts';

/** Older browsers lack the symbol; nothing can be disposed by syntax there. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** Workers of models nobody can reach any more. Only memory is at stake: programs close their models. */
const forgotten = new FinalizationRegistry<Client>((client) => void client.close());

/** A session of the worker, and the one request it can run. */
class Timeline {
  #running: RunningGeneration | undefined;
  #closed: SottoError | undefined;

  /** `owner`: the model, which must not be collected while a request or session is in use. */
  constructor(
    readonly client: Client,
    readonly id: number,
    readonly owner: object,
  ) {}

  generate(check: () => { prompt: Prompt; options: GenerationOptions }, fresh: boolean): Generation {
    try {
      this.#throwIfBusy();
      const { prompt, options } = check();
      return (this.#running = this.#start(prompt, options, fresh));
    } catch (error) {
      return RunningGeneration.failed(toSottoError(error));
    }
  }

  #start(prompt: Prompt, options: GenerationOptions, fresh: boolean): RunningGeneration {
    const timeoutMs = options.timeout === undefined ? {} : { timeoutMs: options.timeout };
    const request = { ...prompt, ...withoutControl(options), ...timeoutMs };
    return new RunningGeneration(
      (events) => this.client.start('generate', { session: this.id, fresh, request }, options, events),
      this.owner,
    );
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Value<M>> {
    this.#throwIfBusy();
    return this.client.call(method, params);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = new SottoError('closed', 'the session was closed');
    this.#running?.fail(this.#closed);
    if (!this.client.gone) await this.client.call('closeSession', { session: this.id });
  }

  #throwIfBusy(): void {
    const error = this.client.gone ?? this.#closed;
    if (error) throw error;
    if (!this.#running?.running) return;
    throw new SottoError('concurrent_use', 'a request is running: wait for it, or use another session', { where: 'session' });
  }
}

class WorkerSession implements Session {
  readonly #timeline: Timeline;

  constructor(client: Client, id: number, model: object) {
    this.#timeline = new Timeline(client, id, model);
  }

  generate(prompt: string | readonly number[], options?: GenerationOptions): Generation {
    return this.#timeline.generate(() => checkPrompt(prompt, options), false);
  }
  chat(messages: readonly Message[], options?: GenerationOptions): Generation {
    return this.#timeline.generate(() => checkChat(messages, options), false);
  }
  async tokens(): Promise<number[]> {
    return this.#timeline.call('tokens', { session: this.#timeline.id });
  }
  async rewind(nTokens: number): Promise<void> {
    checkCount(nTokens, 'nTokens');
    await this.#timeline.call('rewind', { session: this.#timeline.id, nTokens });
  }
  async fork(): Promise<Session> {
    const { client, id, owner } = this.#timeline;
    return new WorkerSession(client, await this.#timeline.call('fork', { session: id }), owner);
  }
  close(): Promise<void> {
    return this.#timeline.close();
  }
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}

export class WorkerModel implements Model {
  readonly info: ModelInfo;
  readonly #client: Client;
  readonly #own: Timeline;
  readonly #sessionDefaults: SessionOptions;

  /** `sessionDefaults`: what the model was loaded with. */
  constructor(client: Client, info: ModelInfo, sessionDefaults: SessionOptions) {
    this.#client = client;
    this.info = info;
    this.#sessionDefaults = sessionDefaults;
    this.#own = new Timeline(client, ownSession, this);
    forgotten.register(this, client, this);
  }

  generate(prompt: string | readonly number[], options?: GenerationOptions): Generation {
    return this.#own.generate(() => checkPrompt(prompt, options), true);
  }
  chat(messages: readonly Message[], options?: GenerationOptions): Generation {
    return this.#own.generate(() => checkChat(messages, options), false);
  }
  async newSession(options?: SessionOptions & Control): Promise<Session> {
    const checked = checkSession(options);
    const id = await this.#client.call('newSession', { ...this.#sessionDefaults, ...sessionPart(checked) }, checked);
    return new WorkerSession(this.#client, id, this);
  }
  async tokenize(text: string, options?: TokenizeOptions): Promise<number[]> {
    const checked = checkTokenize(text, options);
    return this.#client.call('tokenize', { text, options: withoutControl(checked) }, checked);
  }
  async decode(ids: readonly number[], options?: DecodeOptions): Promise<string> {
    const checked = checkDecode(ids, options);
    return this.#client.call('decode', { tokens: ids, ...withoutControl(checked) }, checked);
  }
  async applyTemplate(messages: readonly Message[], options?: TemplateOptions): Promise<string> {
    const checked = checkTemplate(messages, options);
    return this.#client.call('applyTemplate', { messages, ...withoutControl(checked) }, checked);
  }
  inspect(): Promise<Inspection> {
    return this.#client.call('inspectModel', null);
  }
  memory(): Promise<MemoryReport> {
    return this.#client.call('memory', null);
  }
  trace(): Promise<{ traceEvents: TraceEvent[] }> {
    return this.#client.call('trace', null);
  }
  close(): Promise<void> {
    forgotten.unregister(this);
    return this.#client.close();
  }
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}
