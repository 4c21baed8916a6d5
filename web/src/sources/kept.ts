/** The part of a download that is kept. When the store refuses, the download goes on without it. */
import type { PartFile, Store } from './store.ts';

export class Kept {
  #part: PartFile | undefined;
  readonly #store: Store;
  readonly #onLoss: (error: unknown) => void;

  /** `onLoss` is told once why nothing is kept any more. */
  constructor(part: PartFile, store: Store, onLoss: (error: unknown) => void) {
    this.#part = part;
    this.#store = store;
    this.#onLoss = onLoss;
  }

  get bytes(): number {
    return this.#part?.bytes ?? 0;
  }
  get size(): number | undefined {
    return this.#part?.size;
  }
  get tag(): string {
    return this.#part?.tag ?? '';
  }
  get isAlive(): boolean {
    return this.#part !== undefined;
  }

  /** Undefined: it is lost. */
  read(offset: number, bytes: number): Promise<Uint8Array | undefined> {
    return this.#try(async (part) => {
      const piece = await part.read(offset, bytes);
      if (piece.length === 0) throw new Error('the kept bytes vanished');
      return piece;
    });
  }

  async restart(tag: string, size: number): Promise<void> {
    await this.#try((part) => part.restart(tag, size));
  }

  async checkRoom(size: number): Promise<void> {
    await this.#try(async (part) => {
      if (!(await this.#store.hasRoom(size - part.bytes))) throw new Error(noRoom);
    });
  }

  /** Bytes [at, at + piece.length) of the file; those that are here already are not written again. */
  async append(piece: Uint8Array, at: number): Promise<void> {
    const known = this.bytes - at;
    if (known < piece.length) await this.#try((part) => part.append(piece.subarray(Math.max(0, known))));
  }

  async finish(): Promise<void> {
    await this.#try((part) => part.finish());
  }

  async discard(): Promise<void> {
    const part = this.#part;
    this.#part = undefined;
    await part?.discard().catch(() => {}); // it may be gone already
  }

  async close(): Promise<void> {
    await this.#part?.close().catch(() => {}); // what was flushed is kept all the same
    this.#part = undefined;
  }

  async #try<T>(work: (part: PartFile) => Promise<T>): Promise<T | undefined> {
    if (!this.#part) return undefined;
    try {
      return await work(this.#part);
    } catch (error) {
      await this.discard();
      this.#onLoss(error);
      return undefined;
    }
  }
}

const noRoom = 'there is no room for it';

/** Why a store refuses, for a sentence. */
export function reasonOf(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  return name === 'QuotaExceededError' || code === 'ENOSPC' ? noRoom : (message ?? String(error));
}
