/** What a store of downloaded files can do: OPFS in a page, the command line's cache folder in Node. Keys are paths below the
 * store: `hf/owner/repo[@revision]/file`, `url/hash-file`, or the file of a catalogue name; the same in both. */
import type { Readable } from './passage.ts';

/** A file that is growing; nobody else writes it meanwhile. Every call may throw what the store throws: full, or gone. */
export interface PartFile {
  /** Bytes that an earlier download left and that can be relied on. */
  bytes: number;
  /** Of the whole file, as far as that is known. */
  size: number | undefined;
  /** Version of the file that the bytes are of. */
  tag: string;
  read(offset: number, bytes: number): Promise<Uint8Array>;
  /** Begins anew, with a file of that size and version. */
  restart(tag: string, size: number): Promise<void>;
  append(piece: Uint8Array): Promise<void>;
  /** Makes it a whole file. */
  finish(): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
  close(): Promise<void>;
}

export interface StoredFile {
  key: string;
  bytes: number;
  isWhole: boolean;
}

/** What any thread can do with the store. */
export interface StoreView {
  stat(key: string): Promise<StoredFile | undefined>;
  /** Whole and growing files below a folder, which ends in a slash; the empty string is all of the store. */
  list(folder: string): Promise<StoredFile[]>;
  readText(key: string): Promise<string | undefined>;
  /** Removes a file and its part, if there are any. False: it is in use. */
  remove(key: string): Promise<boolean>;
  usage(bytes: number): Promise<{ quotaBytes?: number; persisted: boolean }>;
  /** Keys of a whole model that no record names: the command line downloaded it. */
  find?(id: string): Promise<string[]>;
  /** What a file is listed by that no record names. */
  idOf(key: string): string;
}

export interface Store extends StoreView {
  /** A whole file; it cannot be deleted before it is closed. */
  openWhole(key: string): Promise<Readable | undefined>;
  /** Waits for others that write it. Undefined: it is whole by now. Creates nothing before restart(). */
  openPart(key: string, signal: AbortSignal): Promise<PartFile | undefined>;
  writeText(key: string, text: string): Promise<void>;
  /** Whether so many bytes more are likely to find room. */
  hasRoom(bytes: number): Promise<boolean>;
}

/** Throws why there is no store here. */
export type StoreOpener<S = Store> = () => Promise<S>;
