/** A worker of a Node process; Deno and Bun have the same interface. */
import { Worker } from 'node:worker_threads';
import type { Transferable as NodeTransferable } from 'node:worker_threads';

import { CancelWords, wordsSharedWith } from './cancel-words.ts';
import type { Port } from './client.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

export class NodePort implements Port {
  onMessage: (message: FromWorker) => void = () => undefined;
  onLost: (what: string, cause?: unknown) => void = () => undefined;
  readonly #worker: Worker;

  constructor(script: URL) {
    this.#worker = new Worker(script);
    this.#worker.on('message', (message: FromWorker) => this.onMessage(message));
    this.#worker.on('messageerror', (cause) => this.onLost('a message of the worker cannot be read', cause));
    this.#worker.on('error', (cause) => this.onLost(cause.message, cause));
    this.#worker.on('exit', (code) => this.onLost(`it ended with status ${code}`));
  }

  start(): CancelWords | undefined {
    const words = this.#probe();
    if (words instanceof CancelWords) {
      this.post({ kind: 'start' });
      return words;
    }
    this.post({ kind: 'start', unshared: words });
    return undefined;
  }
  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer as NodeTransferable[]);
  }
  hold(busy: boolean): void {
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Or why the core gets one thread. */
  #probe(): CancelWords | string {
    if ('bun' in process.versions) return 'Bun does not start threads of WebAssembly';
    try {
      return wordsSharedWith(this);
    } catch (error) {
      return `memory cannot be shared with a worker: ${String(error)}`;
    }
  }
}
