/** The way of one file's bytes from wherever they lie to the reader: hashed, and kept where they are to be kept. */
import { SottoError } from '../errors.ts';
import type { Hasher, OpenFile } from './files.ts';
import { stopped } from './http.ts';

/** Largest piece handed out. */
export const pieceBytes = 4 * 2 ** 20;

/** Bytes of one file, from an offset on. */
export interface Input {
  readonly size: number;
  readonly fromStore: boolean;
  from(start: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** What happens to bytes that pass for the first time. None of these throws. */
export interface Check {
  hasher: Hasher;
  /** Expected; absent: any. */
  sha256: string | undefined;
  /** Bytes [at, at + piece.length) of the file. */
  keep?(piece: Uint8Array, at: number): Promise<void>;
  /** All bytes have passed, and are right or wrong. */
  end?(isRight: boolean, sha256: string): Promise<void>;
}

export class Passage {
  readonly input: Input;
  readonly #name: string;
  readonly #check: Check | undefined;
  /** Bytes before this have been checked. */
  #passed = 0;
  #ended = false;
  #running: AsyncGenerator<Uint8Array, void> | undefined;

  constructor(name: string, input: Input, check?: Check) {
    this.#name = name;
    this.input = input;
    this.#check = check;
  }

  /** A passage is read by one reader: a second one ends the first. */
  async open(offset: number): Promise<OpenFile> {
    const { input } = this;
    if (!(offset >= 0 && offset <= input.size))
      throw new SottoError('invalid_argument', `offset ${offset} lies outside the ${input.size} bytes of the file`, {
        where: this.#name,
      });
    await this.#running?.return();
    const stream = (this.#running = this.#pieces(offset));
    return {
      size: input.size,
      get fromStore() {
        return input.fromStore;
      },
      stream,
      close: async () => void (await stream.return()),
    };
  }

  /** Lets pass what was not asked for, so that all is checked. */
  async drain(): Promise<void> {
    if (!this.#check || this.#ended) return;
    await this.#running?.return();
    for await (const _ of this.#pieces(this.input.size));
  }

  async close(): Promise<void> {
    await this.#running?.return();
    await this.input.close();
    this.#check?.hasher.free();
  }

  async *#pieces(offset: number): AsyncGenerator<Uint8Array, void> {
    const checks = this.#check && !this.#ended;
    let at = checks ? Math.min(offset, this.#passed) : offset;
    if (checks && this.#passed === this.input.size) await this.#end();
    if (at === this.input.size) return;
    for await (const long of this.input.from(at)) {
      for (let cut = 0; cut < long.length; cut += pieceBytes) {
        const piece = long.subarray(cut, cut + pieceBytes);
        const end = at + piece.length;
        // The last piece is handed out only after all was found right.
        if (end > this.#passed) await this.#pass(piece.subarray(Math.max(0, this.#passed - at)));
        if (end > offset) yield piece.subarray(Math.max(0, offset - at));
        at = end;
      }
    }
  }

  async #pass(piece: Uint8Array): Promise<void> {
    if (!this.#check || this.#ended) return;
    this.#check.hasher.update(piece);
    await this.#check.keep?.(piece, this.#passed);
    this.#passed += piece.length;
    if (this.#passed === this.input.size) await this.#end();
  }

  async #end(): Promise<void> {
    const { hasher, sha256, end } = this.#check!;
    const hex = hasher.hex();
    const isRight = sha256 === undefined || sha256 === hex;
    this.#ended = true;
    await end?.(isRight, hex);
    if (!isRight)
      throw new SottoError('integrity_error', `the SHA-256 of ${this.#name} is ${hex}, expected is ${sha256}`, {
        where: this.#name,
      });
  }
}

/** The passages of a model's files, each made when its file is first asked for. */
export class Passages {
  readonly #find: (name: string, offset: number) => Promise<Passage | undefined>;
  readonly #signal: AbortSignal;
  readonly #found = new Map<string, Promise<Passage | undefined>>();

  constructor(signal: AbortSignal, find: (name: string, offset: number) => Promise<Passage | undefined>) {
    this.#signal = signal;
    this.#find = find;
  }

  /** `offset`: where reading will begin. Undefined: there is no such file. */
  async get(name: string, offset: number): Promise<Passage | undefined> {
    if (this.#signal.aborted) throw stopped(this.#signal);
    const found = this.#found.get(name) ?? this.#find(name, offset);
    this.#found.set(name, found);
    try {
      return await found;
    } catch (error) {
      this.#found.delete(name);
      throw error;
    }
  }

  async open(name: string, offset: number): Promise<OpenFile | undefined> {
    return (await this.get(name, offset))?.open(offset);
  }

  /** Lets pass what was not asked for. Names of the files that were found, and of those that are not there. */
  async drain(): Promise<{ found: string[]; absent: string[] }> {
    const names: { found: string[]; absent: string[] } = { found: [], absent: [] };
    for (const [name, found] of this.#found) {
      const passage = await found;
      names[passage ? 'found' : 'absent'].push(name);
      await passage?.drain();
    }
    return names;
  }

  async close(): Promise<void> {
    for (const found of this.#found.values()) await (await found.catch(() => undefined))?.close();
    this.#found.clear();
  }
}

/** Bytes that can be read anywhere. */
export interface Readable {
  size: number;
  /** Up to `bytes` bytes, valid until the second read after this one. */
  read(offset: number, bytes: number): Promise<Uint8Array>;
  close?(): Promise<void>;
}

/** Reads one piece ahead. Throws io_error. */
export function inputOf(readable: Readable, name: string, fromStore = false): Input {
  const { size } = readable;
  const read = (offset: number): Promise<Uint8Array> => {
    const piece = readable.read(offset, Math.min(pieceBytes, size - offset));
    piece.catch(() => {}); // told when it is waited for, which may be never
    return piece;
  };
  const failed = (cause?: unknown) =>
    new SottoError('io_error', `${name} changed or vanished while it was read`, { where: name, cause });
  return {
    size,
    fromStore,
    async *from(start) {
      let next = read(start);
      for (let at = start; at < size; ) {
        const piece = await next.catch((cause) => {
          throw failed(cause);
        });
        if (piece.length === 0) throw failed();
        at += piece.length;
        if (at < size) next = read(at);
        yield piece;
      }
    },
    close: async () => readable.close?.(),
  };
}
