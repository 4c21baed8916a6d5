/** What can be picked: the catalogue, models that the page's own server has, and models saved in this browser, each once. */
import type { Source, SourceOptions, StoredModel } from '../../src/types.ts';
import { catalogue, type CatalogueEntry } from './catalogue.ts';
import { bytes } from './format.ts';

/** A model to plan and load. */
export interface Choice {
  source: Source;
  title: string;
  /** Where it comes from, in words. */
  from: string;
  options?: SourceOptions;
  /** A licence text to show before the download. */
  notice?: string;
}

/** A file in the cache of the command line, as `server.mjs` lists it. */
export interface LocalModel {
  file: string;
  /** Below `models/` of this page, encoded as in an address. */
  path: string;
  bytes: number;
}

export interface Card {
  title: string;
  about: string;
  facts: string[];
  /** `saved` and `local` need no network. */
  state: 'remote' | 'partial' | 'saved' | 'local';
  tag?: string;
  choice: Choice;
}

/** Also when it was loaded by an address: from the page's server, say. */
function isOf({ id, files }: StoredModel, entry: CatalogueEntry): boolean {
  return id === entry.name || id === entry.source || (files.length === 1 && files[0]!.name === entry.file);
}

/** Reads the list of the page's server; other hosts have none. */
export async function localModels(): Promise<LocalModel[]> {
  try {
    const response = await fetch('./models/index.json');
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) return [];
    return ((await response.json()) as { models: LocalModel[] }).models;
  } catch {
    return [];
  }
}

function localChoice(local: LocalModel, entry?: CatalogueEntry): Choice {
  return {
    source: new URL(`models/${local.path}`, document.baseURI).href,
    title: entry?.title ?? titleOf(local.file),
    from: `${local.file}, on this computer`,
    ...(entry && { options: { sha256: entry.sha256 } }),
    ...(entry?.notice && { notice: entry.notice }),
  };
}

function catalogueCard(entry: CatalogueEntry, local: LocalModel | undefined, stored: StoredModel | undefined): Card {
  const common = { title: entry.title, about: entry.about, facts: [entry.parameters, bytes(entry.bytes), entry.licence] };
  const choice: Choice = {
    source: stored?.id ?? entry.name,
    title: entry.title,
    from: stored?.complete ? 'saved in this browser' : entry.source.replace(/@[0-9a-f]{40}$/, ''),
    ...(entry.notice && { notice: entry.notice }),
  };
  if (stored?.complete) return { ...common, state: 'saved', tag: 'Saved', choice };
  if (local) return { ...common, state: 'local', tag: 'On this computer', choice: localChoice(local, entry) };
  if (stored) return { ...common, state: 'partial', tag: `${bytes(stored.bytes)} of it here`, choice };
  return { ...common, state: 'remote', choice };
}

export function cards(local: readonly LocalModel[], stored: readonly StoredModel[]): Card[] {
  const known = new Set(catalogue.map((entry) => entry.file));
  return [
    ...catalogue.map((entry) =>
      catalogueCard(
        entry,
        local.find((model) => model.file === entry.file),
        stored.find((model) => isOf(model, entry)),
      ),
    ),
    ...local
      .filter((model) => !known.has(model.file))
      .map((model): Card => ({
        title: titleOf(model.file),
        about: 'Fetched by the command line before.',
        facts: [bytes(model.bytes)],
        state: 'local',
        tag: 'On this computer',
        choice: localChoice(model),
      })),
  ];
}

/** `Qwen2.5-0.5B.Q4_0.gguf` becomes `Qwen2.5-0.5B.Q4_0`; of an address or hub name, its last part. */
export function titleOf(id: string): string {
  const entry = catalogue.find(({ name, source, file }) => id === name || id === source || id.endsWith(`/${file}`));
  if (entry) return entry.title;
  const path = id.replace(/[?#].*$/, '').replace(/@[^/@]*$/, '');
  const last = path.split('/').filter(Boolean).at(-1) ?? id;
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // Not percent-encoded after all.
  }
  return name.replace(/\.(gguf|safetensors)$/i, '').replace(/-00001-of-\d{5}$/, '') || id;
}

export function storedChoice(stored: StoredModel): Choice {
  return { source: stored.id, title: titleOf(stored.id), from: stored.complete ? 'saved in this browser' : stored.id };
}

/** What a visitor wrote into the field; a text: what is wrong with it. */
export function typedChoice(text: string): Choice | string {
  const id = text.trim();
  if (!id) return 'Write an address, or a name like hf:owner/repo.';
  if (/^https?:\/\//i.test(id))
    return URL.canParse(id) ? { source: id, title: titleOf(id), from: id } : 'This is no valid address.';
  if (/^hf:[\w.+-]+\/[\w.+-]+(\/[\w.+/-]+)?(:[\w.+-]+)?(@[\w.+-]+)?$/.test(id))
    return { source: id, title: titleOf(id), from: id };
  if (catalogue.some(({ name }) => name === id)) return { source: id, title: titleOf(id), from: id };
  if (/^[\w.+-]+\/[\w.+-]+/.test(id)) return `For a model of the hub, write hf:${id}`;
  return 'This is neither an address (https://...) nor a hub name (hf:owner/repo, then /file or :quant).';
}

/** Files that a visitor opened or dropped: one model file, the parts of a split one, or the files of a folder. */
export function filesChoice(files: readonly File[], folder?: string): Choice | string {
  const models = files.filter(({ name }) => /\.(gguf|onnx)$/i.test(name));
  const config = files.some(({ name }) => name === 'config.json');
  if (models.length === 1 && !config) {
    const [file] = models as [File];
    return { source: file, title: titleOf(file.name), from: `${file.name}, ${bytes(file.size)}, from your disk` };
  }
  if (models.length === 0 && !config) {
    return folder
      ? `${folder} holds no model: there is no .gguf file, and no config.json of a Hugging Face folder.`
      : 'This is no model: choose a .gguf file, or a folder with config.json.';
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const title = folder ?? titleOf([...models].sort((a, b) => a.name.localeCompare(b.name))[0]?.name ?? files[0]!.name);
  return { source: [...files], title, from: `${files.length} files, ${bytes(total)}, from your disk` };
}
