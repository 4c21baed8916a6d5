/** The worker's side of the protocol: takes calls, answers each once. */
import { CancelWords } from '../cancel-words.ts';
import { SottoError, toWire } from '../errors.ts';
import type { Method, Params, Start, ToWorker, Value } from '../protocol.ts';
import { isFatal, lost } from './answers.ts';
import type { Context, Held } from './context.ts';
import { startCore } from './core.ts';
import type { Core, CoreWishes } from './core.ts';
import type { CoreFiles, Host } from './host.ts';
import { LoadedModel } from './loaded.ts';
import { Opener } from './opening.ts';
import { Scheduler } from './scheduler.ts';
import { lacking } from './variants.ts';

type Handler<M extends Method> = (params: Params<M>, context: Context) => Value<M> | Promise<Value<M>>;
type Handlers = { [M in Method]: Handler<M> };

interface Running {
  controller: AbortController;
  held?: Held;
}

const ended = (): SottoError => new SottoError('cancelled', 'the call was ended');

export class Server {
  readonly #host: Host;
  readonly #coreFiles: (carried: Start['carried']) => CoreFiles;
  readonly #running = new Map<number, Running>();
  #probe: WebAssembly.Memory | undefined;
  #words: CancelWords | undefined;
  #start: Start | undefined;
  #core: Core | undefined;
  #model: LoadedModel | undefined;

  constructor(host: Host, coreFiles: (carried: Start['carried']) => CoreFiles) {
    this.#host = host;
    this.#coreFiles = coreFiles;
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case 'probe':
        this.#probe = message.memory;
        this.#words = new CancelWords(message.words);
        return;
      case 'start':
        this.#start = message;
        return;
      case 'call':
        void this.#call(message.id, message.method, message.params, message.isEnded);
        return;
      case 'cancel':
        return this.#running.get(message.id)?.controller.abort(ended());
    }
  }

  /** A message that cannot be read was the probe, which tells enough, or a call that would wait for ever. */
  receiveUnreadable(): void {
    if (this.#start) this.#host.post({ kind: 'fatal', error: toWire(lost('a message to it cannot be read')) });
  }

  async #call(id: number, method: Method, params: Params<Method>, isEnded: boolean): Promise<void> {
    const running: Running = { controller: new AbortController() };
    if (isEnded) running.controller.abort(ended());
    this.#running.set(id, running);
    try {
      // Method and parameters belong together, which the type of a union cannot tell.
      const handle = this.#handlers[method] as Handler<Method>;
      this.#host.post({ kind: 'value', id, value: await handle(params, this.#context(id, running)) });
    } catch (error) {
      if (isFatal(error)) this.#host.post({ kind: 'fatal', error: toWire(lost(error)) });
      else this.#host.post({ kind: 'error', id, error: toWire(error) });
    }
    running.held?.delete();
    this.#running.delete(id);
  }

  /** Messages are seen between two steps only, words at any time. */
  readonly #isCancelled = (id: number): boolean =>
    this.#words?.isCancelled(id) || this.#running.get(id)?.controller.signal.aborted === true;

  #context(id: number, running: Running): Context {
    return {
      signal: running.controller.signal,
      progress: (progress) => this.#host.post({ kind: 'progress', id, progress }),
      pieces: (pieces, prefill) => this.#host.post({ kind: 'pieces', id, pieces, prefill }),
      hold: (handle) => {
        running.held = handle;
        handle.watch(id);
      },
    };
  }

  /** Why memory cannot be shared; undefined: it can, as the probe has shown. */
  get #unshared(): string | undefined {
    if (this.#start?.unshared !== undefined) return this.#start.unshared;
    const isShared = typeof SharedArrayBuffer !== 'undefined' && this.#probe?.buffer instanceof SharedArrayBuffer;
    return isShared ? undefined : 'this browser does not share memory between workers';
  }

  async #opener(wishes: Omit<CoreWishes, 'unshared'>): Promise<{ core: Core; opener: Opener }> {
    const files = this.#coreFiles(this.#start?.carried);
    this.#core ??= await startCore(files, this.#host, { ...wishes, unshared: this.#unshared });
    this.#core.module.isCancelled = this.#isCancelled;
    const hasLarger = wishes.variant === 'auto' && !lacking('memory64', files.isSingle);
    return { core: this.#core, opener: new Opener(this.#core, this.#host.openSource, hasLarger) };
  }

  get #loaded(): LoadedModel {
    if (!this.#model) throw new SottoError('internal', 'no model is loaded');
    return this.#model;
  }

  readonly #handlers: Handlers = {
    load: async (params, context) => {
      const { threads = 0, variant = 'auto' } = params.engine;
      const { core, opener } = await this.#opener({ threads, variant });
      const scheduler = new Scheduler(this.#host.soon, this.#unshared === undefined);
      this.#model = new LoadedModel(core, await opener.load(params, context), scheduler);
      return this.#model.info();
    },
    inspect: async (params, context) => (await this.#opener({ threads: 1, variant: 'simd128' })).opener.inspect(params, context),
    plan: async (params, context) => {
      const { variant = 'auto' } = params.engine;
      return (await this.#opener({ threads: 1, variant })).opener.plan(params, context);
    },
    inspectModel: () => this.#loaded.inspect(),
    memory: () => this.#loaded.memory(),
    trace: () => this.#loaded.trace(),
    tokenize: (params) => this.#loaded.tokenize(params),
    decode: (params) => this.#loaded.decode(params),
    applyTemplate: (params) => this.#loaded.applyTemplate(params),
    newSession: (params) => this.#loaded.newSession(params),
    fork: (params) => this.#loaded.fork(params),
    tokens: (params) => this.#loaded.tokens(params),
    rewind: (params) => this.#loaded.rewind(params),
    closeSession: (params) => this.#loaded.closeSession(params),
    generate: (params, context) => this.#loaded.generate(params, context),
    storeList: () => this.#host.models.list(),
    storeHas: (source) => this.#host.models.has(source),
    storeDelete: (source) => this.#host.models.delete(source),
    storeClear: async () => {
      await this.#host.models.clear();
      return null;
    },
    storeUsage: () => this.#host.models.usage(),
  };
}
