/** `models`: what is in the store, by the names it was loaded by. */
import { SottoError } from '../errors.ts';
import type { ModelStore, Source, StoredModel } from '../types.ts';
import type { Wire } from './files.ts';
import { splitPath } from './paths.ts';
import { parseRecord, readRecord, recordFolder, removeRecord } from './record.ts';
import type { StoreOpener, StoreView, StoredFile } from './store.ts';

const inUse = (what: string) =>
  new SottoError('concurrent_use', `${what} is in use: close the model, or wait until it is loaded`, { where: what });

async function listModels(store: StoreView): Promise<StoredModel[]> {
  const files = new Map((await store.list('')).map((file) => [file.key, file]));
  const models = new Map<string, StoredModel>();
  const add = (id: string, name: string, { bytes, isWhole }: StoredFile, sha256: string, complete: boolean) => {
    const model = models.get(id) ?? { id, files: [], bytes: 0, complete: true };
    model.files.push({ name, bytes, sha256 });
    model.bytes += bytes;
    model.complete &&= complete && isWhole;
    models.set(id, model);
  };
  const recorded = new Set<string>();
  for (const key of files.keys()) {
    if (!key.startsWith(recordFolder)) continue;
    recorded.add(key);
    const record = parseRecord(await store.readText(key));
    const named = Object.entries(record?.files ?? {});
    const isWhole = named.every(([, { key, bytes }]) => files.get(key)?.bytes === bytes);
    for (const [name, { key, sha256 }] of named) {
      const file = files.get(key);
      if (file) add(record!.id, name, file, sha256, record!.complete && isWhole);
      recorded.add(key);
    }
  }
  // Files that no record names: the command line downloaded them, or their record was lost.
  for (const file of files.values())
    if (!recorded.has(file.key)) add(store.idOf(file.key), splitPath(file.key)[1], file, '', true);
  return [...models.values()];
}

/** Keys of what is there of a model. */
async function find(store: StoreView, id: string): Promise<{ keys: string[]; complete: boolean }> {
  const record = await readRecord(store, id);
  const keys = record
    ? Object.values(record.files).map(({ key }) => key)
    : ((await store.find?.(id)) ?? (await store.list('')).map(({ key }) => key).filter((key) => store.idOf(key) === id));
  const files = await Promise.all(keys.map((key) => store.stat(key)));
  const complete = (record?.complete ?? true) && files.length > 0 && files.every((file) => file?.isWhole);
  return { keys: keys.filter((_, i) => files[i]), complete };
}

/** Every call throws io_error where there is no store; delete() and clear() concurrent_use where a file cannot be removed. */
export function modelStore(openStore: StoreOpener<StoreView>, toWire: (source: Source) => Promise<Wire>): ModelStore {
  const open = (): Promise<StoreView> =>
    openStore().catch((cause: Error) => {
      throw new SottoError('io_error', `there is no store: ${cause.message}`, { cause });
    });
  const idOf = async (source: string | URL): Promise<string> => {
    const { wire } = await toWire(source);
    if (wire.kind === 'url') return wire.url;
    if (wire.kind === 'name') return wire.name;
    if (wire.kind === 'path') return wire.path;
    throw new SottoError('invalid_argument', 'stored models have a name or a URL', { where: 'source' });
  };
  return {
    list: async () => listModels(await open()),
    has: async (source) => (await find(await open(), await idOf(source))).complete,
    async delete(source) {
      const id = await idOf(source);
      const store = await open();
      const { keys } = await find(store, id);
      for (const key of keys) if (!(await store.remove(key))) throw inUse(id);
      await removeRecord(store, id);
      return keys.length > 0;
    },
    async clear() {
      const store = await open();
      let left = '';
      for (const { key } of await store.list('')) if (!(await store.remove(key))) left = key;
      if (left) throw inUse(left);
    },
    async usage() {
      const store = await open();
      const bytes = (await store.list('')).reduce((sum, file) => sum + file.bytes, 0);
      return { bytes, ...(await store.usage(bytes)) };
    },
  };
}
