/** Words that a page and its worker share: a call that is ended stands in the word of its number, where the engine looks while it
 * computes. They are apart from the engine's memory, so that a page holds nothing of a model that is closed. */
import type { ToWorker } from './protocol.ts';

const nWords = 1024;

export class CancelWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Throws a ReferenceError where there is no shared memory. */
  constructor(buffer = new SharedArrayBuffer(nWords * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Calls are numbered from 1 on. */
  cancel(call: number): void {
    Atomics.store(this.#words, call % nWords, call);
  }
  isCancelled(call: number): boolean {
    return Atomics.load(this.#words, call % nWords) === call;
  }
}

/** Whether memory can be shared with a worker is only known by doing it: throws where it cannot, and the worker looks what arrives. */
export function wordsSharedWith(port: { post(message: ToWorker): void }): CancelWords {
  const words = new CancelWords();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  port.post({ kind: 'probe', memory, words: words.buffer });
  return words;
}
