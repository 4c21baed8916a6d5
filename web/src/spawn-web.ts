/** A worker of a page, or of another worker. */
import { type CancelWords, wordsSharedWith } from './cancel-words.ts';
import type { Port } from './client.ts';
import { SottoError } from './errors.ts';
import type { FromWorker, Start, ToWorker } from './protocol.ts';
import { scriptBlob } from './scripts.ts';

const whyUnshared = (): string =>
  globalThis.crossOriginIsolated
    ? 'this browser does not share memory between workers'
    : 'the page is not cross-origin isolated: it lacks the headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy';

export class WebPort implements Port {
  onMessage: (message: FromWorker) => void = () => undefined;
  onLost: (what: string, cause?: unknown) => void = () => undefined;
  readonly #worker: Worker;
  readonly #carried: Start['carried'];

  /** `make` throws where the page's policy forbids the script. */
  constructor(make: () => Worker, carried?: Start['carried']) {
    this.#carried = carried;
    try {
      this.#worker = make();
    } catch (cause) {
      throw new SottoError('io_error', 'the worker cannot be made', { where: 'worker', cause });
    }
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.onMessage(data);
    this.#worker.onmessageerror = () => this.onLost('a message of it cannot be read');
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.onLost(event.message || "its script was not found, or the page's policy forbids it", event.error);
    };
  }

  start(lock: string | undefined): CancelWords | undefined {
    if (lock !== undefined) void this.#watch(lock);
    const words = this.#probe();
    const carried = this.#carried;
    this.post(
      { kind: 'start', ...(!words && { unshared: whyUnshared() }), ...(carried && { carried }) },
      carried ? [carried.wasmGzip] : [],
    );
    return words;
  }
  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
  hold(): void {}
  async terminate(): Promise<void> {
    this.#worker.terminate();
  }

  #probe(): CancelWords | undefined {
    try {
      return wordsSharedWith(this);
    } catch {
      return undefined;
    }
  }

  /** No event tells that a worker has closed itself or was killed; its lock does. */
  async #watch(lock: string): Promise<void> {
    await navigator.locks.request(lock, () => undefined);
    this.onLost('it ended');
  }
}

/** A worker from a script that has no address of this origin. */
export function blobWorker(source: string): Worker {
  const url = URL.createObjectURL(scriptBlob(source));
  try {
    return new Worker(url, { type: 'module' });
  } finally {
    // The worker fetches it after this turn.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}
