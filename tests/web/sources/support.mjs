// What the tests of the sources share: the modules of web/src/sources as they are, and an environment to open sources in.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const requireFromWeb = createRequire(new URL('../../../web/package.json', import.meta.url));
const sources = fileURLToPath(new URL('../../../web/src/sources/', import.meta.url));

/** A module of web/src/sources with all it needs; `contents` may be more text. */
export async function bundle(contents, outfile, platform) {
  const { build } = requireFromWeb('esbuild');
  await build({
    stdin: { contents, resolveDir: sources, loader: 'ts' },
    bundle: true,
    outfile,
    format: 'esm',
    platform,
    target: 'es2022',
    logLevel: 'error',
  });
  return outfile;
}

export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'sotto-sources-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The modules for Node in a file. */
export function bundleForNode(folder) {
  const modules = ['node', 'names', 'paths'].map((name) => `export * from './${name}.ts';`);
  return bundle(modules.join('\n'), join(folder, 'sources.mjs'), 'node');
}

export async function importForNode() {
  const folder = await temporaryFolder();
  try {
    return await import(pathToFileURL(await bundleForNode(folder.path)));
  } finally {
    await folder.remove();
  }
}

export function hasher() {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex'), free() {} };
}

/** Warnings and downloaded bytes are collected. */
export function environment({ signal, stallMs = 300, retryMs = 5, peek = false, ...options } = {}) {
  const told = { warnings: [], received: 0, hashers: 0 };
  const makeHasher = () => ((told.hashers += 1), hasher());
  const onWarning = (message) => told.warnings.push(message);
  const onBytes = (n) => (told.received += n);
  signal ??= new AbortController().signal;
  return { told, makeHasher, signal, options, peek, stallMs, retryMs, onWarning, onBytes };
}

/** The rest of a file from an offset on; checks the contract of the stream. */
export async function readFrom(files, name, offset = 0) {
  const file = await files.open(name, offset);
  if (!file) return undefined;
  const pieces = [];
  for await (const piece of file.stream) {
    if (piece.length === 0 || piece.length > 4 * 2 ** 20) throw new Error(`a piece of ${piece.length} bytes`);
    pieces.push(Buffer.from(piece)); // copied: it is valid until the next one
  }
  await file.close();
  const bytes = Buffer.concat(pieces);
  if (bytes.length !== file.size - offset) throw new Error(`${bytes.length} bytes from ${offset} on of ${file.size}`);
  return bytes;
}

/** Bytes that do not compress and differ everywhere. */
export function someBytes(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  let state = seed * 2654435761;
  for (let at = 0; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE((state ^ (state >>> 15)) >>> 0, at);
  }
  return bytes;
}

export const repositoryText = (path) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
