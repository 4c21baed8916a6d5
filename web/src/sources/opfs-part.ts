/** A growing file in OPFS: its content, and a journal beside it that says how much of the content can be relied on. */
import { journalSuffix, type Journal } from './opfs.ts';
import type { PartFile } from './store.ts';

/** Bytes written between two times that they are made sure of: what a death of the tab may cost. */
const flushBytes = 2 * 2 ** 20;

/** Not in TypeScript's library for pages. */
export interface SyncHandle {
  read(into: Uint8Array, at: { at: number }): number;
  write(piece: Uint8Array, at: { at: number }): number;
  truncate(bytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** What the part needs of the store. */
export interface PartFolder {
  syncHandle(key: string): Promise<SyncHandle>;
  unlink(key: string): Promise<void>;
  /** Lets others write the file. */
  release(): void;
}

/** Where there is no room, Chromium may neither throw nor write less: it returns an error number as a large count. */
export function writeAll(handle: SyncHandle, piece: Uint8Array, at: number): void {
  if (handle.write(piece, { at }) !== piece.length) throw new DOMException('no room', 'QuotaExceededError');
}

export class OpfsPart implements PartFile {
  bytes = 0;
  size: number | undefined;
  tag = '';
  readonly #key: string;
  readonly #folder: PartFolder;
  #content: SyncHandle | undefined;
  #journal: SyncHandle | undefined;
  #sureBytes = 0;
  #buffer: Uint8Array | undefined;

  private constructor(key: string, folder: PartFolder) {
    this.#key = key;
    this.#folder = folder;
  }

  static async open(key: string, journal: Journal | undefined, folder: PartFolder): Promise<OpfsPart> {
    const part = new OpfsPart(key, folder);
    if (!journal?.bytes) return part;
    try {
      await part.#openHandles();
    } catch (error) {
      part.#closeHandles();
      throw error;
    }
    part.bytes = part.#sureBytes = Math.min(journal.bytes, part.#content!.getSize());
    part.size = journal.size;
    part.tag = journal.tag;
    return part;
  }

  async read(offset: number, bytes: number): Promise<Uint8Array> {
    if (!this.#buffer || this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    const piece = this.#buffer.subarray(0, bytes);
    if (this.#content!.read(piece, { at: offset }) !== bytes) throw new Error('the kept bytes vanished');
    return piece;
  }

  async restart(tag: string, size: number): Promise<void> {
    await this.#openHandles();
    Object.assign(this, { tag, size, bytes: 0 });
    this.#makeSure();
    this.#content!.truncate(0);
  }

  async append(piece: Uint8Array): Promise<void> {
    writeAll(this.#content!, piece, this.bytes);
    this.bytes += piece.length;
    if (this.bytes - this.#sureBytes >= flushBytes) this.#makeSure();
  }

  async finish(): Promise<void> {
    this.#makeSure();
    this.#journal!.close();
    this.#journal = undefined;
    await this.#folder.unlink(this.#key + journalSuffix);
  }

  async discard(): Promise<void> {
    try {
      this.#closeHandles();
      await this.#folder.unlink(this.#key); // the content first: without its journal it would look whole
      await this.#folder.unlink(this.#key + journalSuffix);
    } finally {
      this.#folder.release();
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#journal) this.#makeSure();
    } finally {
      this.#closeHandles();
      this.#folder.release();
    }
  }

  async #openHandles(): Promise<void> {
    // The journal is there first: a content without one counts as whole.
    this.#journal ??= await this.#folder.syncHandle(this.#key + journalSuffix);
    this.#content ??= await this.#folder.syncHandle(this.#key);
  }

  #closeHandles(): void {
    this.#content?.close();
    this.#journal?.close();
    this.#content = this.#journal = undefined;
  }

  /** The text keeps its length, so that one write replaces it. */
  #makeSure(): void {
    this.#content!.flush();
    const { tag, bytes, size } = this;
    const length = JSON.stringify({ tag, size, bytes: size }).length;
    writeAll(this.#journal!, new TextEncoder().encode(JSON.stringify({ tag, size, bytes }).padEnd(length)), 0);
    this.#journal!.flush();
    this.#sureBytes = bytes;
  }
}
