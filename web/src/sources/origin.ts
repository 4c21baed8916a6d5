/** Where the files of a model come from over the network. */
import { SottoError } from '../errors.ts';
import { requestText, type Network } from './http.ts';
import { catalogue, findInCatalogue, hubFolder, isPlainPath, parseHubName, selectModelFiles, type HubName } from './names.ts';
import { checkBelow, encodePath, keyOfUrl, splitPath } from './paths.ts';
import type { Store } from './store.ts';

const maxListingBytes = 8 * 2 ** 20;

export interface Place {
  url: string;
  size?: number | undefined;
  sha256?: string | undefined;
}

export interface Origin {
  /** What the user called the model. */
  id: string;
  /** Name of the model's own file. */
  first(): Promise<string>;
  /** Where the store keeps a file of the model. */
  key(name: string): Promise<string>;
  /** Undefined: there is no such file. A place says nothing about whether there is one at a URL. */
  place(name: string): Promise<Place | undefined>;
  /** Version of the repository; empty where there is none. */
  commit(): string;
}

/** A file at a URL with others beside it; a URL that ends in a slash is a Hugging Face folder. */
export function originOfUrl(url: string, sha256: string | undefined): Origin {
  const base = new URL(url);
  const own = base.pathname.endsWith('/') ? undefined : splitPath(base.pathname)[1];
  const first = own === undefined ? 'config.json' : splitPath(decoded(own))[1] || 'model';
  const urlOf = (name: string): string => {
    if (own !== undefined && name === first) return url;
    checkBelow(name);
    const sibling = new URL(encodePath(name), base);
    sibling.search = base.search;
    return sibling.href;
  };
  return {
    id: url,
    first: async () => first,
    key: async (name) => keyOfUrl(urlOf(name)),
    place: async (name) => ({ url: urlOf(name), sha256: name === first ? sha256 : undefined }),
    commit: () => '',
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const urlOnHub = (hub: string, { owner, repo }: HubName, commit: string, path: string): string =>
  `${hub}/${owner}/${repo}/resolve/${commit}/${encodePath(path)}`;

/** Of the catalogue: one file, whose hash is known. Throws not_found. */
export function originOfEntry(id: string, hub: string, sha256: string | undefined): Origin {
  const entry = findInCatalogue(id);
  if (!entry) {
    const names = catalogue.map(({ name }) => name).join(', ');
    const message = `'${id}' is no URL, no hf:owner/repo, and no name of the catalogue (${names})`;
    throw new SottoError('not_found', message, { where: 'source' });
  }
  const name = parseHubName(entry.source);
  const place = { url: urlOnHub(hub, name, name.revision, name.file), size: entry.bytes, sha256: sha256 ?? entry.sha256 };
  return {
    id,
    first: async () => entry.file,
    key: async () => entry.file,
    place: async (asked) => (asked === entry.file ? place : undefined),
    commit: () => '',
  };
}

interface Listing {
  commit: string;
  files: Map<string, { size?: number | undefined; sha256?: string | undefined }>;
}

/** The model's files among those of a repository. */
const selectIn = (name: HubName, paths: Iterable<string>): string[] =>
  name.file ? [name.file] : selectModelFiles([...paths].filter(isPlainPath), name.quant);

/** A repository of the hub. Its revision becomes a commit before anything is downloaded: all files are of one version. */
export function originOnHub(id: string, options: OriginOptions): Origin {
  const { hub, sha256, commit } = options;
  const name = parseHubName(id);
  let listing: Promise<Listing> | undefined;
  let known = commit;
  const list = (): Promise<Listing> => (listing ??= listRepository(id, name, commit || name.revision, options));
  const ownPath = async (): Promise<string> => name.file || selectIn(name, (await list()).files.keys())[0]!;
  const pathOf = async (file: string): Promise<string> => {
    checkBelow(file);
    return splitPath(await ownPath())[0] + file;
  };
  return {
    id,
    first: async () => splitPath(await ownPath())[1],
    key: async (file) => `${hubFolder(name)}/${await pathOf(file)}`,
    async place(file) {
      const path = await pathOf(file);
      const { files, commit: current } = await list();
      known = current;
      const found = files.get(path);
      const own = path === (await ownPath()) ? sha256 : undefined;
      return found && { size: found.size, sha256: own ?? found.sha256, url: urlOnHub(hub, name, current, path) };
    },
    commit: () => known,
  };
}

export interface OriginOptions {
  /** Without a slash at its end. */
  hub: string;
  network: Network;
  store: Store | undefined;
  /** Of a single file, given by the user. */
  sha256: string | undefined;
  /** That an earlier download began with. */
  commit: string;
}

async function listRepository(id: string, name: HubName, revision: string, options: OriginOptions): Promise<Listing> {
  const { hub, network, store } = options;
  const url = `${hub}/api/models/${name.owner}/${name.repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  try {
    return parseListing(await requestText(url, maxListingBytes, network), url);
  } catch (cause) {
    // Without a network, what is there is the model.
    const keys = (await store?.find?.(id)) ?? [];
    const folder = `${hubFolder(name)}/`;
    if (keys.length > 0) return { commit: revision, files: new Map(keys.map((key) => [key.slice(folder.length), {}])) };
    if ((cause as SottoError).code === 'not_found')
      throw new SottoError('not_found', `the hub has no ${name.owner}/${name.repo} at ${revision}`, { where: url, cause });
    throw cause;
  }
}

function parseListing(text: string, url: string): Listing {
  try {
    const { sha, siblings } = JSON.parse(text) as HubListing;
    if (!/^\w[\w.-]*$/.test(sha)) throw new TypeError('no commit');
    return {
      commit: sha,
      files: new Map(siblings.map(({ rfilename, size, lfs }) => [`${rfilename}`, { size, ...lfs }])),
    };
  } catch (cause) {
    throw new SottoError('io_error', "the hub's list of files cannot be read", { where: url, cause });
  }
}

/** The hub's answer for a revision of a model, with `blobs=true`. */
interface HubListing {
  sha: string;
  siblings: { rfilename: string; size?: number; lfs?: { sha256: string; size: number } }[];
}
