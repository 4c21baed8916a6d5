/** Between the worker and the sources: what a model's bytes are read through, whatever they come from. The functions are in
 * web.ts for pages and in node.ts, which both export
 *   toWire(source: Source): Promise<Wire>                                                      // where the caller is
 *   openSource(wire: WireSource, environment: SourceEnvironment): Promise<ModelFiles>          // in the worker
 *   models: ModelStore                                                                         // anywhere */
import type { SourceOptions } from '../types.ts';

/** One file from an offset on. Pieces have at most 4 MiB; each is valid until the next one is asked for. */
export interface OpenFile {
  /** Of the whole file, in bytes. */
  size: number;
  /** The piece handed out last came from the store, not from the network; changes where a download goes on. */
  readonly fromStore: boolean;
  /** Throws SottoError: io_error, not_found, integrity_error, cancelled. A wrong checksum is told in place of the last piece. */
  stream: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface ModelFiles {
  /** What the model is stored and listed by; empty where nothing is stored. */
  id: string;
  /** Name of the model's own file, or `config.json` of a folder. */
  first: string;
  /** Undefined: there is no such file. The core asks for optional files too. */
  open(name: string, offset: number): Promise<OpenFile | undefined>;
  /** Bytes of that file that would have to come over the network; 0: it is in the store, local, or does not exist. */
  downloadBytes(name: string): Promise<number>;
  /** Everything was read and is right: makes it findable in the store. */
  commit(): Promise<void>;
  /** Ends what runs and frees locks; what was downloaded is kept. */
  close(): Promise<void>;
}

/** Incremental SHA-256. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 64 lower-case digits. */
  hex(): string;
  free(): void;
}

export interface SourceEnvironment {
  makeHasher(): Hasher;
  /** Aborted: every call and every stream rejects with its reason. */
  signal: AbortSignal;
  options: SourceOptions;
  /** Only headers will be read, as for inspect() and plan(): nothing is stored and no other tab is waited for. */
  peek?: boolean;
  /** Told for each piece that came over the network. */
  onBytes?(n: number): void;
  /** Things a user should know, such as "not stored: ...". */
  onWarning?(message: string): void;
  /** Milliseconds without a byte after which a connection counts as dead; 30,000. */
  stallMs?: number;
  /** Milliseconds before the first retry, doubled each time; 500. */
  retryMs?: number;
}

/** What of a Source goes through postMessage. */
export type WireSource =
  | { kind: 'url'; url: string }
  | { kind: 'name'; name: string } // of the catalogue, or hf:...
  | { kind: 'blob'; blob: Blob; name: string }
  | { kind: 'files'; files: readonly { path: string; file: File }[] }
  | { kind: 'handle'; handle: FileSystemFileHandle | FileSystemDirectoryHandle }
  | { kind: 'bytes'; bytes: ArrayBufferLike }
  | { kind: 'stream'; port: MessagePort; size: number; name: string } // pumped by toWire: not every browser transfers streams
  | { kind: 'path'; path: string };

export interface Wire {
  wire: WireSource;
  transfer: Transferable[];
}
