/** The store of a page as a dedicated worker sees it: contents are written by sync access handles, which exist only there. */
import { readBlob } from './local.ts';
import { inTime, limitMs, lock, viewOpfs } from './opfs.ts';
import { OpfsPart, writeAll, type SyncHandle } from './opfs-part.ts';
import { splitPath } from './paths.ts';
import type { Store } from './store.ts';

type Handle = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncHandle> };

/** Throws why there is none. */
export async function openOpfs(): Promise<Store> {
  const view = await viewOpfs();

  /** A worker that just died may hold it a little longer. */
  async function syncHandle(key: string): Promise<SyncHandle> {
    const handle: Handle = await (await view.folderOf(key, true)).getFileHandle(splitPath(key)[1], { create: true });
    if (!handle.createSyncAccessHandle) throw new Error('this browser cannot write files in a worker');
    for (const end = Date.now() + limitMs; ; ) {
      try {
        return await inTime(handle.createSyncAccessHandle(), (late) => late.close());
      } catch (error) {
        if ((error as Error).name !== 'NoModificationAllowedError' || Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  return {
    ...view,
    async openWhole(key) {
      const release = await lock(key, { mode: 'shared', ifAvailable: true });
      const stored = release && (await view.stat(key));
      const blob = stored?.isWhole ? await view.blobOf(key) : undefined;
      if (!blob) release?.();
      return blob && { ...readBlob(blob), close: async () => release?.() };
    },
    async openPart(key, signal) {
      const release = (await lock(key, { signal }))!;
      try {
        const stored = await view.stat(key);
        if (!stored?.isWhole)
          return await OpfsPart.open(key, stored && (await view.journalOf(key)), { syncHandle, unlink: view.unlink, release });
        release();
        return undefined;
      } catch (error) {
        release();
        throw error;
      }
    },
    async writeText(key, text) {
      const handle = await syncHandle(key);
      try {
        const bytes = new TextEncoder().encode(text);
        writeAll(handle, bytes, 0);
        handle.truncate(bytes.length);
        handle.flush();
      } finally {
        handle.close();
      }
    },
    async hasRoom(bytes) {
      const { quota = Infinity, usage = 0 } = (await navigator.storage.estimate?.()) ?? {};
      return quota - usage >= bytes;
    },
  };
}
