// The built package with the fake core in place of the real one.
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export const dist = fileURLToPath(new URL('../../../web/dist/', import.meta.url));
if (!existsSync(join(dist, 'node.js'))) throw new Error('web/dist is not built: node web/build.mjs --allow-missing-core');

export const sotto = await import(join(dist, 'node.js'));

/** Nothing but a section without meaning, so long that no bundler inlines it, compressed or not. */
const emptyWasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 0x80, 0x40, 0, ...randomBytes(8191)]);
const folders = [];
process.on('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder to give as baseUrl; removed when the process ends. */
export function fakeFolder(scripts = ['worker-node.js'], glue = 'core.node.mjs') {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-fake-'));
  for (const name of scripts) copyFileSync(join(dist, name), join(folder, name));
  for (const name of [glue, glue.replace('core', 'core64')])
    copyFileSync(new URL('fake-core.mjs', import.meta.url), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'sotto.wasm'), emptyWasm);
  for (const name of ['sotto-relaxed.bin', 'sotto-memory64.bin']) writeFileSync(join(folder, name), gzipSync(emptyWasm));
  folders.push(folder);
  return folder;
}
export const baseUrl = fakeFolder();

/** Bytes of a model, see fake-core.mjs. */
export const modelBytes = (spec = {}, size = 200) => new TextEncoder().encode(JSON.stringify(spec).padEnd(size, ' '));
export const loadFake = (spec, options) => sotto.load(modelBytes(spec), { baseUrl, threads: 1, ...options });
/** A prompt, see fake-core.mjs. */
export const run = (spec) => JSON.stringify(spec);

/** A small .gguf file with a tokenizer, for tests of the real core; `skipReal`: why they cannot run. */
export const realModel = process.env.SOTTO_TEST_MODEL;
export const skipReal = !existsSync(join(dist, 'core.node.mjs'))
  ? 'web/dist has no core: ./run build npm'
  : !realModel
    ? 'SOTTO_TEST_MODEL names no .gguf file'
    : false;

/** Why nothing with 64-bit addresses can be tried. */
export const skipMemory64 = existsSync(join(dist, 'core64.mjs')) ? false : 'web/dist has no 64-bit memory: ./run build wasm64';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Resolves once the condition holds. */
export async function until(condition) {
  while (!(await condition())) await sleep(5);
}

/** For assert.rejects: a SottoError with that code, whose `where` or message has the text. */
export const sottoError =
  (code, text = '') =>
  (error) => {
    if (!(error instanceof sotto.SottoError)) throw error;
    if (error.code !== code || !`${error.where} ${error.message}`.includes(text))
      throw new Error(`wanted ${code} with '${text}', got ${error.code}: ${error.message} (${error.where})`);
    return true;
  };
