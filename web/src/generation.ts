/** One running request as a program sees it: pieces to iterate over, a text, a result. */
import { SottoError, toSottoError } from './errors.ts';
import type { Prefill } from './protocol.ts';
import type { FinishReason, Generation, GenerationResult, Piece } from './types.ts';

type Listener = (progress: Prefill) => void;
interface Waiting {
  resolve(step: IteratorResult<Piece>): void;
  reject(error: SottoError): void;
}
const done: IteratorResult<Piece> = { done: true, value: undefined };

/** How the worker's side reaches a generation. */
export interface GenerationEvents {
  onPieces(pieces: Piece[], prefill: Prefill): void;
  /** Ended from outside: readers are told now, the result comes when the worker has stopped. */
  onEnded(error: SottoError): void;
}
export interface GenerationStart {
  reply: Promise<GenerationResult>;
  end(error: SottoError): void;
}

export class RunningGeneration implements Generation {
  readonly result: Promise<GenerationResult>;
  /** As `result`, but rejects for readers, and as soon as the request is ended from outside. */
  readonly #outcome: Promise<GenerationResult>;
  readonly #end: (error: SottoError) => void;
  readonly #listeners: Listener[] = [];
  readonly #waiting: Waiting[] = [];
  #queue: Piece[] = [];
  #prefilled = 0;
  #open = true;
  /** Why readers get no more, where that is not the natural end; `#isTold`: one of them knows. */
  #error: SottoError | undefined;
  #isTold = false;
  #isTaken = false;

  /** `start` does not throw; it may call the events before it returns. `owner` stays alive as long as this is in use. */
  constructor(
    start: (events: GenerationEvents) => GenerationStart,
    readonly owner?: object,
  ) {
    let rejectEnded!: (error: SottoError) => void;
    const ended = new Promise<never>((_, reject) => (rejectEnded = reject));
    const { reply, end } = start({
      onPieces: (pieces, prefill) => this.#receive(pieces, prefill),
      onEnded: (error) => {
        this.#queue = [];
        this.#finish(error);
        rejectEnded(error);
      },
    });
    this.#end = end;
    this.result = this.#settle(reply);
    const settled = this.result.then((result) => {
      if (this.#error) throw this.#error;
      return result;
    });
    this.#outcome = Promise.race([ended, settled]);
    // Nobody has to look at how it ends.
    for (const promise of [this.result, this.#outcome]) promise.catch(() => undefined);
  }

  static failed(error: SottoError): RunningGeneration {
    return new RunningGeneration(() => ({ reply: Promise.reject(error), end: () => undefined }));
  }

  /** False as soon as it is being ended: then its session can take the next request. */
  get running(): boolean {
    return this.#open;
  }

  async text(): Promise<string> {
    return (await this.#outcome).text;
  }

  cancel(): void {
    this.fail(new SottoError('cancelled', 'the generation was cancelled'));
  }
  /** Ends it from outside. */
  fail(error: SottoError): void {
    if (this.#open) this.#end(error);
  }

  onPrefill(listener: Listener): this {
    this.#listeners.push(listener);
    return this;
  }

  [Symbol.asyncIterator](): AsyncIterator<Piece> {
    if (this.#isTaken) throw new SottoError('invalid_argument', 'a generation can be read once', { where: 'generation' });
    this.#isTaken = true;
    return {
      next: () => this.#next(),
      // Leaving a loop waits here, so that the session is free afterwards.
      return: async () => {
        this.#isTold = true;
        this.cancel();
        await this.result.catch(() => undefined);
        return done;
      },
    };
  }

  toReadableStream(): ReadableStream<string> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<string>(
      {
        async pull(controller) {
          for (;;) {
            const step = await pieces.next();
            if (step.done) return controller.close();
            if (step.value.text !== '') return controller.enqueue(step.value.text);
          }
        },
        cancel: async () => void (await pieces.return?.()),
      },
      { highWaterMark: 0 },
    );
  }

  async #settle(reply: Promise<GenerationResult>): Promise<GenerationResult> {
    try {
      const result = await reply;
      // The core watches the time too, and may be first.
      this.#finish(endError(result.finishReason));
      if (!this.#error) return result;
      const finishReason = reasonOf(this.#error);
      if (!finishReason) throw this.#error;
      return endError(result.finishReason) ? { ...result, finishReason } : result;
    } catch (cause) {
      const error = toSottoError(cause);
      this.#finish(error);
      throw error;
    }
  }

  #next(): Promise<IteratorResult<Piece>> {
    const piece = this.#queue.shift();
    if (piece) return Promise.resolve({ done: false, value: piece });
    if (this.#open) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (!this.#error || this.#isTold) return Promise.resolve(done);
    this.#isTold = true;
    return Promise.reject(this.#error);
  }

  #receive(pieces: Piece[], prefill: Prefill): void {
    for (const piece of pieces) {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve({ done: false, value: piece });
      else this.#queue.push(piece);
    }
    if (prefill.done === this.#prefilled) return;
    this.#prefilled = prefill.done;
    for (const listener of this.#listeners) listener(prefill);
  }

  /** The first end counts. */
  #finish(error: SottoError | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#error = error;
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#next().then(resolve, reject);
  }
}

function endError(reason: FinishReason): SottoError | undefined {
  if (reason === 'cancelled') return new SottoError('cancelled', 'the generation was cancelled');
  if (reason === 'deadline') return new SottoError('deadline_exceeded', 'the time is over', { where: 'timeout' });
  return undefined;
}

function reasonOf(error: SottoError): FinishReason | undefined {
  return error.code === 'cancelled' ? 'cancelled' : error.code === 'deadline_exceeded' ? 'deadline' : undefined;
}
