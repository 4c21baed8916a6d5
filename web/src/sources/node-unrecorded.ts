/** Models that the command line downloaded: it writes no records. */
import { catalogue, findInCatalogue, hasAllParts, hubFolder, parseHubName, selectModelFiles } from './names.ts';
import { keyOfUrl } from './paths.ts';
import type { StoreView } from './store.ts';

/** Keys of a whole model; none: it is not there, or not all of it. Throws invalid_argument for a name that is malformed. */
export async function findUnrecorded(store: StoreView, id: string): Promise<string[]> {
  const entry = findInCatalogue(id);
  if (entry) return [entry.file];
  if (id.startsWith('hf:')) return findRepository(store, id);
  if (/^https?:/i.test(id)) return [await keyOfUrl(id)];
  return (await store.list('')).map(({ key }) => key).filter((key) => store.idOf(key) === id);
}

async function findRepository(store: StoreView, id: string): Promise<string[]> {
  const name = parseHubName(id);
  const folder = `${hubFolder(name)}/`;
  const files = (await store.list(folder)).map((file) => ({ ...file, path: file.key.slice(folder.length) }));
  const whole = files.filter((file) => file.isWhole).map((file) => file.path);
  let own: string[];
  try {
    own = name.file ? [name.file] : selectModelFiles(whole, name.quant);
  } catch {
    return []; // no model among them, or several
  }
  const isFolder = own[0] === 'config.json';
  const isPartial = files.some((file) => !file.isWhole && (isFolder || own.includes(file.path)));
  if (isPartial || !hasAllParts(own) || !own.every((path) => whole.includes(path))) return [];
  return (isFolder ? whole : own).map((path) => folder + path);
}

/** The name that leads to a key; undefined: no name does. */
export function idOfUnrecorded(key: string): string | undefined {
  const entry = catalogue.find(({ file }) => file === key);
  if (entry) return entry.name;
  const [, repository, revision = '', path] = /^hf\/([^/]+\/[^/@]+)(@[^/]+)?\/(.+)$/.exec(key) ?? [];
  return repository && `hf:${repository}${path!.endsWith('.gguf') ? `/${path}` : ''}${revision}`;
}
