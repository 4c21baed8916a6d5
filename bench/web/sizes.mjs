// What a page fetches before any model, gzipped, of this package and of others of its kind, and what npm installs.
//   node bench/web/sizes.mjs        others come from the registry, into a folder that is deleted afterwards
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { dist } from './site.mjs';

const others = {
  '@wllama/wllama': { script: ['@wllama/wllama/esm/index.min.js'], wasm: ['@wllama/wllama/esm/wasm/wllama.wasm'] },
  // On the CPU; its entry for WebGPU fetches the larger ort-wasm-simd-threaded.jsep.wasm.
  '@huggingface/transformers': {
    script: ['@huggingface/transformers/dist/transformers.web.min.js', 'onnxruntime-web/dist/ort-wasm-simd-threaded.mjs'],
    wasm: ['onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'],
  },
  // The wasm is another for every model, and comes with it.
  '@mlc-ai/web-llm': { script: ['@mlc-ai/web-llm/lib/index.js'], wasm: [] },
};

const bytesOf = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : statSync(path).size;
const gzipped = (paths) => paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
const kB = (bytes) => (bytes === 0 ? '' : (bytes / 1000).toFixed(bytes < 1e5 ? 1 : 0));
const row = (name, script, wasm, installed) => console.log(`| ${name} | ${kB(script)} | ${kB(wasm)} | ${(installed / 1e6).toFixed(1)} |`);

console.log('| package | JavaScript, kB gzip | WebAssembly, kB gzip | installed with all it needs, MB |\n| --- | --- | --- | --- |');
const own = (names) => gzipped(names.map((name) => join(dist, name)));
row('sotto', own(['index.js', 'worker.js', 'core.mjs']), own(['sotto.wasm']), bytesOf(dist));
for (const [name, { script, wasm }] of Object.entries(others)) {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-sizes-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"private": true}');
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', name], { cwd: folder, stdio: 'ignore' });
    const modules = join(folder, 'node_modules');
    const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    const inModules = (paths) => paths.map((path) => join(modules, path));
    row(`${name} ${version}`, gzipped(inModules(script)), gzipped(inModules(wasm)), bytesOf(modules));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
