/** The page's side of one worker: numbered calls, their end by signal or time, the end of all of them when the worker dies. */
import type { CancelWords } from './cancel-words.ts';
import { watch } from './control.ts';
import { fromWire, SottoError } from './errors.ts';
import type { FromWorker, Method, Params, Prefill, ToWorker, Value } from './protocol.ts';
import type { Control, Piece, Progress } from './types.ts';

/** A worker, wherever it runs: spawn-web.ts, spawn-node.ts. */
export interface Port {
  /** Both set by the client, before it posts. */
  onMessage: (message: FromWorker) => void;
  onLost: (what: string, cause?: unknown) => void;
  /** The worker runs and waits for `start`; nothing is posted before. Returns what it looks at while it computes, where memory can
   * be shared. */
  start(lock: string | undefined): CancelWords | undefined;
  post(message: ToWorker, transfer?: Transferable[]): void;
  /** Whether a process must wait for the worker. */
  hold(busy: boolean): void;
  terminate(): Promise<void>;
}

export interface Hooks {
  transfer?: Transferable[];
  onProgress?: (progress: Progress) => void;
  onPieces?: (pieces: Piece[], prefill: Prefill) => void;
  /** The call was ended from outside. Present: its promise still waits for what the worker answers. Absent: it rejects. */
  onEnded?: (error: SottoError) => void;
}

export interface Running<T> {
  reply: Promise<T>;
  /** Ends the call, as a signal does. */
  end(error: SottoError): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: SottoError): void;
  end(error: SottoError): void;
  unwatch(): void;
  hooks: Hooks;
  ended: boolean;
}

export class Client {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  /** What waits for the worker's first word: some bundlers load its parts late, and messages before that are lost. */
  #waiting: { message: ToWorker; transfer: Transferable[] }[] | undefined = [];
  #lastId = 0;
  #words: CancelWords | undefined;
  #gone: SottoError | undefined;
  #termination: Promise<void> | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.onMessage = (message) => this.#receive(message);
    port.onLost = (what, cause) => this.#lose(this.#lossOf(what, cause));
    port.hold(false);
  }

  /** Why nothing can be asked any more. */
  get gone(): SottoError | undefined {
    return this.#gone;
  }

  async call<M extends Method>(method: M, params: Params<M>, control: Control = {}, hooks: Hooks = {}): Promise<Value<M>> {
    return this.start(method, params, control, hooks).reply;
  }

  /** Never throws: what is wrong comes by the promise. */
  start<M extends Method>(method: M, params: Params<M>, control: Control, hooks: Hooks): Running<Value<M>> {
    if (this.#gone) return { reply: Promise.reject(this.#gone), end: () => undefined };
    const id = ++this.#lastId;
    const { promise, resolve, reject } = withResolvers<Value<M>>();
    const end = (error: SottoError): void => this.#end(id, error);
    const settled = { resolve: resolve as (value: unknown) => void, reject };
    const pending: Pending = { ...settled, end, unwatch: () => undefined, hooks, ended: false };
    this.#pending.set(id, pending);
    this.#port.hold(true);
    pending.unwatch = watch(control, end);
    if (pending.ended) pending.unwatch();
    // The union of all calls cannot be built from type parameters.
    this.#post({ kind: 'call', id, method, params, isEnded: pending.ended } as ToWorker, hooks.transfer);
    return { reply: promise, end };
  }

  /** Idempotent. What runs is rejected as `closed`. */
  close(): Promise<void> {
    return this.#stop(new SottoError('closed', 'the model was closed'));
  }

  #stop(error: SottoError): Promise<void> {
    this.#gone ??= error;
    for (const [id, pending] of this.#pending) {
      this.#settle(id);
      pending.reject(error);
    }
    // A port that was never sent would keep a process waiting.
    for (const { transfer } of this.#waiting ?? []) for (const item of transfer) if (item instanceof MessagePort) item.close();
    if (this.#waiting) this.#waiting = [];
    this.#termination ??= this.#port.terminate();
    return this.#termination;
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    if (this.#waiting) {
      this.#waiting.push({ message, transfer });
      return;
    }
    try {
      this.#port.post(message, transfer);
    } catch (cause) {
      if (!('id' in message)) throw cause;
      const error = new SottoError('invalid_argument', 'the source cannot be sent to a worker', { where: 'source', cause });
      this.#settle(message.id)?.reject(error);
    }
  }

  #start(lock: string | undefined): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#words = this.#port.start(lock);
    for (const { message, transfer } of waiting) this.#post(message, transfer);
  }

  #lossOf(what: string, cause: unknown): SottoError {
    const details = cause instanceof Error ? { cause } : {};
    if (this.#waiting) return new SottoError('io_error', `the worker did not start: ${what}`, { where: 'worker', ...details });
    return new SottoError('worker_lost', `the worker is gone: ${what}`, details);
  }

  #lose(error: SottoError): void {
    if (!this.#gone) void this.#stop(error);
  }

  #end(id: number, error: SottoError): void {
    const pending = this.#pending.get(id);
    if (!pending || pending.ended) return;
    pending.ended = true;
    pending.unwatch();
    this.#post({ kind: 'cancel', id });
    this.#words?.cancel(id);
    if (pending.hooks.onEnded) pending.hooks.onEnded(error);
    else pending.reject(error);
  }

  /** Forgets a call that is answered. */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    this.#pending.delete(id);
    pending.unwatch();
    if (this.#pending.size === 0) this.#port.hold(false);
    return pending;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'started':
        return this.#start(message.lock);
      case 'fatal':
        return this.#lose(fromWire(message.error));
      case 'value':
        return this.#settle(message.id)?.resolve(message.value);
      case 'error':
        return this.#settle(message.id)?.reject(fromWire(message.error));
    }
    const pending = this.#pending.get(message.id);
    if (pending && !pending.ended) this.#tell(pending, message);
  }

  /** A listener that throws ends its call. */
  #tell(pending: Pending, message: Extract<FromWorker, { kind: 'progress' | 'pieces' }>): void {
    try {
      if (message.kind === 'progress') pending.hooks.onProgress?.(message.progress);
      else pending.hooks.onPieces?.(message.pieces, message.prefill);
    } catch (cause) {
      pending.end(new SottoError('invalid_argument', 'a listener threw', { where: message.kind, cause }));
    }
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: SottoError) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: SottoError) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
