/** Generations take turns: each computes for some milliseconds, then messages that wait are handled, then comes the next. */
import type { CoreGeneration } from '../core.d.ts';
import { SottoError } from '../errors.ts';
import type { Prefill } from '../protocol.ts';
import type { GenerationResult, Piece } from '../types.ts';
import { valueOf } from './answers.ts';

/** One message for all pieces of so many milliseconds: few until the first piece, then more, since each message wakes the page. */
const firstMs = 16;
const nextMs = 40;
/** Tokens of a prompt between two looks at the messages, where those are the only way to cancel. */
const smallSlice = 16;

export interface Request {
  session: number;
  generation: CoreGeneration;
  /** Aborted: its next step is its last. */
  signal: AbortSignal;
  onStep(pieces: Piece[], prefill: Prefill): void;
}
interface Turn extends Request {
  prefilled: number;
  started?: boolean;
  resolve(result: GenerationResult): void;
  reject(error: unknown): void;
}
interface Step {
  pieces: Piece[];
  prefill: Prefill;
  done: boolean;
}

export class Scheduler {
  readonly #soon: (turn: () => void) => void;
  readonly #slice: number;
  /** Whose turn it is comes first. */
  #turns: Turn[] = [];
  #isWaiting = false;

  constructor(soon: (turn: () => void) => void, isShared: boolean) {
    this.#soon = soon;
    this.#slice = isShared ? 0 : smallSlice;
  }

  run(request: Request): Promise<GenerationResult> {
    return new Promise((resolve, reject) => {
      this.#turns.push({ ...request, prefilled: -1, resolve, reject });
      this.#wait();
    });
  }

  /** Makes way for the next request of a session. Errors: concurrent_use, if the one before was not cancelled. */
  clear(session: number): void {
    const turn = this.#turns.find((one) => one.session === session);
    if (!turn) return;
    if (!turn.signal.aborted) throw new SottoError('concurrent_use', 'a request is running', { where: 'session' });
    this.#turns = this.#turns.filter((one) => one !== turn);
    while (!this.#step(turn));
  }

  #wait(): void {
    if (this.#isWaiting || this.#turns.length === 0) return;
    this.#isWaiting = true;
    this.#soon(() => {
      this.#isWaiting = false;
      const turn = this.#turns.shift();
      if (turn && !this.#step(turn)) this.#turns.push(turn);
      this.#wait();
    });
  }

  /** Whether it was the last. */
  #step(turn: Turn): boolean {
    try {
      const { pieces, prefill, done } = valueOf<Step>(turn.generation.step(turn.started ? nextMs : firstMs, this.#slice));
      turn.started = pieces.length > 0;
      if (turn.started || prefill.done !== turn.prefilled) turn.onStep(pieces, prefill);
      turn.prefilled = prefill.done;
      if (done) turn.resolve(valueOf<GenerationResult>(turn.generation.result()));
      return done;
    } catch (error) {
      turn.reject(error);
      return true;
    }
  }
}
