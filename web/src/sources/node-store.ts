/** The store of Node: the cache folder of the command line, in its layout (native-demo/pull.cpp). `x.part` grows, `x.etag` names
 * the version it is of, `x` is a whole file. */
import { mkdir, open, readFile, readdir, rename, rm, stat as statOf, statfs, writeFile, type FileHandle } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { catalogue } from './names.ts';
import { holdLock } from './node-lock.ts';
import { findUnrecorded, idOfUnrecorded } from './node-unrecorded.ts';
import type { PartFile, Store, StoredFile } from './store.ts';

/** $SOTTO_CACHE, or .cache/sotto below the home folder; its folder `models`. */
function modelsFolder(): string {
  const { SOTTO_CACHE, HOME } = process.env;
  return join(SOTTO_CACHE || join(HOME || homedir(), '.cache/sotto'), 'models');
}

const partSuffix = '.part';
const tagSuffix = '.etag';

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Bytes of a regular file. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await unlessMissing(statOf(path));
  return found?.isFile() ? found.size : undefined;
}

class NodePart implements PartFile {
  bytes = 0;
  size: number | undefined;
  tag = '';
  readonly #path: string;
  readonly #release: () => void;
  #file: FileHandle | undefined;
  #isWhole = false;

  constructor(path: string, release: () => void) {
    this.#path = path;
    this.#release = release;
  }

  async resume(): Promise<void> {
    this.bytes = (await sizeOf(this.#path + partSuffix)) ?? 0;
    if (this.bytes === 0) return;
    this.#file = await open(this.#path + partSuffix, 'r+');
    this.tag = (await unlessMissing(readFile(this.#path + tagSuffix, 'utf8'))) ?? '';
  }

  async read(offset: number, bytes: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#file!.read(new Uint8Array(bytes), 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  async restart(tag: string, size: number): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await this.#file?.close();
    this.#file = undefined;
    this.#file = await open(this.#path + partSuffix, 'w+');
    await writeFile(this.#path + tagSuffix, tag);
    Object.assign(this, { tag, size, bytes: 0 });
  }

  async append(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await this.#file!.write(piece, done, piece.length - done, this.bytes);
      done += bytesWritten;
      this.bytes += bytesWritten;
    }
  }

  async finish(): Promise<void> {
    await this.#file!.sync();
    await rename(this.#path + partSuffix, this.#path);
    this.#isWhole = true;
    await rm(this.#path + tagSuffix, { force: true });
  }

  async discard(): Promise<void> {
    await this.close();
    await removeFiles(this.#path, this.#isWhole);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#release();
    await file?.close();
  }
}

async function removeFiles(path: string, whole: boolean): Promise<void> {
  for (const suffix of whole ? ['', partSuffix, tagSuffix] : [partSuffix, tagSuffix]) await rm(path + suffix, { force: true });
}

export async function openNodeStore(): Promise<Store> {
  const root = modelsFolder();
  const pathOf = (key: string): string => join(root, ...key.split('/'));
  const isOurs = (key: string): boolean => /^(hf|url|records)\//.test(key) || catalogue.some(({ file }) => file === key);

  async function stat(key: string): Promise<StoredFile | undefined> {
    const whole = await sizeOf(pathOf(key));
    const bytes = whole ?? (await sizeOf(pathOf(key) + partSuffix));
    return bytes === undefined ? undefined : { key, bytes, isWhole: whole !== undefined };
  }

  const store: Store = {
    stat,
    async openWhole(key) {
      return (await sizeOf(pathOf(key))) === undefined ? undefined : readFileAt(pathOf(key));
    },
    async openPart(key, signal) {
      const release = (await holdLock(pathOf(key), signal))!;
      const part = new NodePart(pathOf(key), release);
      try {
        if ((await stat(key))?.isWhole) {
          release();
          return undefined;
        }
        await part.resume();
        return part;
      } catch (error) {
        await part.close();
        throw error;
      }
    },
    async list(folder) {
      const entries = (await unlessMissing(readdir(pathOf(folder), { recursive: true, withFileTypes: true }))) ?? [];
      const keys = new Set<string>();
      for (const entry of entries) {
        if (!entry.isFile() || entry.name.endsWith(tagSuffix)) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const key = path.slice(root.length + 1).replaceAll('\\', '/').replace(/\.part$/, '');
        // Other files of the user may lie in the cache; they are not ours to list or remove.
        if (isOurs(key)) keys.add(key);
      }
      return (await Promise.all([...keys].map(stat))).filter((file) => file !== undefined);
    },
    readText: (key) => unlessMissing(readFile(pathOf(key), 'utf8')),
    async writeText(key, text) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      const fresh = `${pathOf(key)}.${process.pid}.new`;
      await writeFile(fresh, text);
      await rename(fresh, pathOf(key));
    },
    async remove(key) {
      const release = await holdLock(pathOf(key));
      if (!release) return false;
      try {
        await removeFiles(pathOf(key), true);
      } finally {
        release();
      }
      return true;
    },
    async hasRoom(bytes) {
      const { bavail, bsize } = await statfs(await existing(root));
      return bavail * bsize >= bytes;
    },
    async usage(bytes) {
      const { bavail, bsize } = await statfs(await existing(root));
      return { quotaBytes: bavail * bsize + bytes, persisted: true };
    },
    find: (id) => findUnrecorded(store, id),
    idOf: (key) => idOfUnrecorded(key) ?? pathOf(key),
  };
  return store;
}

/** The folder, or the nearest one above it that exists. */
async function existing(folder: string): Promise<string> {
  return (await unlessMissing(statOf(folder))) ? folder : existing(dirname(folder));
}

/** A regular file, to be read anywhere. */
export async function readFileAt(path: string) {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  return {
    size,
    async read(offset: number, bytes: number): Promise<Uint8Array> {
      const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}
