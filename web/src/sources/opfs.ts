/** The store of a page as any of its threads sees it: the origin private file system. A file `x` is whole when there is no
 * journal `x.part` beside it. */
import { splitPath } from './paths.ts';
import type { StoreView, StoredFile } from './store.ts';

export const journalSuffix = '.part';
export const limitMs = 2000;

/** What a journal says of the content beside it. */
export interface Journal {
  tag: string;
  size: number;
  /** Made sure of. */
  bytes: number;
}

/** Some browsers never answer. What comes too late is given to `tooLate`. */
export async function inTime<T>(work: Promise<T>, tooLate: (late: T) => void = () => {}): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the browser does not answer'));
      work.then(tooLate, () => {});
    }, limitMs);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (/NotFound|TypeMismatch/.test((error as Error).name)) return undefined;
    throw error;
  }
}

/** Undefined: somebody else has it, and `how` says not to wait. */
export function lock(key: string, how: LockOptions): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const held = (granted: Lock | null) => (granted ? new Promise<void>((release) => resolve(release)) : resolve(undefined));
    navigator.locks.request(`sotto:${key}`, how, held).catch(reject);
  });
}

export interface OpfsView extends StoreView {
  folderOf(key: string, create: boolean): Promise<FileSystemDirectoryHandle>;
  blobOf(key: string): Promise<File | undefined>;
  journalOf(key: string): Promise<Journal | undefined>;
  unlink(key: string): Promise<void>;
}

/** Throws why there is none: no OPFS, a private window, no Web Locks. */
export async function viewOpfs(): Promise<OpfsView> {
  const { storage, locks } = navigator;
  if (!storage?.getDirectory || !locks) throw new Error('this browser, or a page without https, has no storage for files');
  const root = await inTime(storage.getDirectory());
  const top = await inTime(root.getDirectoryHandle('sotto', { create: true }));

  const view: OpfsView = {
    async folderOf(key, create) {
      let at = top;
      for (const part of key.split('/').slice(0, -1)) at = await at.getDirectoryHandle(part, { create });
      return at;
    },
    async blobOf(key) {
      const folder = await unlessMissing(view.folderOf(key, false));
      const handle = folder && (await unlessMissing(folder.getFileHandle(splitPath(key)[1])));
      return handle && unlessMissing(handle.getFile());
    },
    async journalOf(key) {
      const text = await view.readText(key + journalSuffix);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as Journal;
      } catch {
        return { tag: '', size: 0, bytes: 0 }; // cut off: nothing can be relied on
      }
    },
    async unlink(key) {
      const folder = await unlessMissing(view.folderOf(key, false));
      if (folder) await unlessMissing(folder.removeEntry(splitPath(key)[1]));
    },
    readText: async (key) => (await view.blobOf(key))?.text(),
    async stat(key) {
      const blob = await view.blobOf(key);
      const journal = await view.journalOf(key);
      return blob && { key, bytes: journal ? Math.min(journal.bytes, blob.size) : blob.size, isWhole: !journal };
    },
    async list(folder) {
      const at = await unlessMissing(view.folderOf(folder, false));
      const found: (StoredFile | undefined)[] = [];
      for await (const [name, { kind }] of at?.entries() ?? []) {
        if (kind === 'directory') found.push(...(await view.list(`${folder}${name}/`)));
        else if (!name.endsWith(journalSuffix)) found.push(await view.stat(folder + name));
      }
      return found.filter((file) => file !== undefined);
    },
    async remove(key) {
      const release = await lock(key, { ifAvailable: true });
      if (!release) return false;
      try {
        await view.unlink(key); // the content first: without its journal it would look whole
        await view.unlink(key + journalSuffix);
        return true;
      } catch (error) {
        if ((error as Error).name === 'NoModificationAllowedError') return false;
        throw error;
      } finally {
        release();
      }
    },
    async usage() {
      const { quota } = (await storage.estimate?.()) ?? {};
      return { ...(quota === undefined ? {} : { quotaBytes: quota }), persisted: (await storage.persisted?.()) ?? false };
    },
    idOf: (key) => `opfs:${key}`,
  };
  return view;
}
