/** From the sources into the core: the core says which bytes it wants, each is written once, into its memory. */
import type { CoreIncoming } from '../core.d.ts';
import { SottoError } from '../errors.ts';
import type { ModelFiles, OpenFile } from '../sources/files.ts';
import { valueOf } from './answers.ts';
import type { ProgressMeter } from './progress.ts';

/** Bytes gathered before the core takes them: a network gives some 64 kB at a time, and packing has a fixed cost. */
const pieceBytes = 2 ** 20;

/** What every call of CoreIncoming answers. */
interface Told {
  wanted: { file: string; offset: number; known: boolean } | null;
  headers: boolean;
}

/** A file that is being read. */
interface Reading {
  name: string;
  file: OpenFile;
  bytes: AsyncIterator<Uint8Array>;
  position: number;
  /** Of the last piece, what is not taken yet. */
  rest: Uint8Array;
  isRemote: boolean;
}

export class Feed {
  readonly #incoming: CoreIncoming;
  readonly #files: ModelFiles;
  readonly #memory: WebAssembly.Memory;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;
  #reading: Reading | undefined;
  /** Size and bytes taken so far, of every file there is. */
  readonly #known = new Map<string, { size: number; taken: number }>();

  constructor(incoming: CoreIncoming, files: ModelFiles, memory: WebAssembly.Memory, signal: AbortSignal, meter: ProgressMeter) {
    this.#incoming = incoming;
    this.#files = files;
    this.#memory = memory;
    this.#signal = signal;
    this.#meter = meter;
  }

  /** Names of the files that were opened. */
  get names(): string[] {
    return [...this.#known.keys()];
  }
  get totalBytes(): number {
    return this.#sum((file) => file.size);
  }

  /** Until inspect() and plan() can be called. */
  async headers(): Promise<void> {
    valueOf<Told>(this.#incoming.status());
    let told = await this.#first();
    while (!told.headers && told.wanted) told = await this.#step(told.wanted);
  }

  /** After headers(): all the rest, to the last byte of each file, which a checksum wants. */
  async rest(): Promise<void> {
    let told = valueOf<Told>(this.#incoming.status());
    while (told.wanted) told = await this.#step(told.wanted);
    for (const [name, { size, taken }] of this.#known) if (taken < size) await this.#skip(await this.#open(name, taken));
    await this.close();
  }

  async close(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    await reading?.file.close();
  }

  warmUp(): void {
    this.#meter.tell('warm-up', this.#files.first, this.totalBytes, this.totalBytes, false);
  }

  async #first(): Promise<Told> {
    const name = this.#files.first;
    const told = await this.#offer(name);
    if (told) return told;
    throw new SottoError('not_found', `there is no ${name}`, { where: name });
  }

  async #step(wanted: NonNullable<Told['wanted']>): Promise<Told> {
    this.#signal.throwIfAborted();
    const { file, offset, known } = wanted;
    if (!known) return (await this.#offer(file)) ?? valueOf<Told>(this.#incoming.missing(file));
    return this.#take(await this.#open(file, offset));
  }

  /** Undefined: there is no such file. */
  async #offer(name: string): Promise<Told | undefined> {
    const reading = await this.#begin(name, 0);
    if (!reading) return undefined;
    this.#known.set(name, { size: reading.file.size, taken: 0 });
    return valueOf<Told>(this.#incoming.offer(name, reading.file.size));
  }

  async #open(name: string, offset: number): Promise<Reading> {
    const reading = this.#reading;
    if (reading?.name === name && reading.position === offset) return reading;
    const opened = await this.#begin(name, offset);
    if (!opened) throw new SottoError('not_found', `${name} is not there any more`, { where: name });
    return opened;
  }

  async #begin(name: string, offset: number): Promise<Reading | undefined> {
    await this.close();
    const isRemote = (await this.#files.downloadBytes(name)) > 0;
    const file = await this.#files.open(name, offset);
    if (!file) return undefined;
    const bytes = file.stream[Symbol.asyncIterator]();
    return (this.#reading = { name, file, bytes, position: offset, rest: new Uint8Array(), isRemote });
  }

  /** The next bytes of a file, into the core. */
  async #take(reading: Reading): Promise<Told> {
    const { name, file } = reading;
    const wanted = Math.min(pieceBytes, file.size - reading.position);
    if (wanted <= 0) throw new SottoError('internal', `more of ${name} is wanted than it has`, { where: name });
    const address = this.#incoming.room(wanted);
    if (address === 0) throw new SottoError('out_of_memory', `no memory for ${wanted} bytes of ${name}`, { where: name });
    let filled = 0;
    while (filled < wanted) {
      const bytes = await this.#next(reading);
      if (!bytes) throw new SottoError('io_error', `${name} ends after ${reading.position} bytes`, { where: name });
      const part = bytes.subarray(0, wanted - filled);
      reading.rest = bytes.subarray(part.length);
      new Uint8Array(this.#memory.buffer, address + filled, part.length).set(part);
      filled += part.length;
      reading.position += part.length;
      this.#count(reading);
    }
    if (reading.position === file.size) await this.#skip(reading);
    return valueOf<Told>(this.#incoming.commit(name, filled));
  }

  /** To the end of the stream, where a wrong checksum is told. */
  async #skip(reading: Reading): Promise<void> {
    for (let bytes = await this.#next(reading); bytes; bytes = await this.#next(reading)) {
      reading.rest = new Uint8Array();
      reading.position += bytes.length;
      this.#count(reading);
    }
  }

  /** Undefined: the end. */
  async #next(reading: Reading): Promise<Uint8Array | undefined> {
    if (reading.rest.length > 0) return reading.rest;
    for (;;) {
      this.#signal.throwIfAborted();
      const step = await reading.bytes.next();
      if (step.done) return undefined;
      if (step.value.length > 0) return step.value;
    }
  }

  #count({ name, file, position, isRemote }: Reading): void {
    const known = this.#known.get(name);
    if (known) known.taken = position;
    const phase = isRemote && !file.fromStore ? 'download' : 'read';
    this.#meter.tell(
      phase,
      name,
      this.#sum(({ taken }) => taken),
      this.totalBytes,
      file.fromStore,
    );
  }

  #sum(of: (file: { size: number; taken: number }) => number): number {
    let sum = 0;
    for (const file of this.#known.values()) sum += of(file);
    return sum;
  }
}
