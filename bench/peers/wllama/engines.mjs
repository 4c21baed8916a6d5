// What is measured, by name: how to know that it is built, and how to run one round. A round answers with an object of load_ms,
// first_token_ms, prefill_tps and decode_tps.
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {basename} from 'node:path';
import {promisify} from 'node:util';
import {visit} from './browser.mjs';
import {builds, cache} from './paths.mjs';

const kRoundMs = 15 * 60 * 1000;  // of one visit; a slow engine with one thread on a busy machine takes minutes

const query = (model, work) => ({...work, model: `/models/${basename(model)}`});

function sottoPage(simd) {
  return {
    target: 'engine_bench_page',
    built: () => existsSync(`${builds}/wasm/bin/engine_bench_page.mjs`),
    run: (server, model, work) => visit(server, '/pages/sotto.html', {...query(model, work), target: simd}, kRoundMs),
  };
}

export const engines = {
  'sotto': sottoPage('wasm_simd128'),
  'sotto-relaxed': sottoPage('wasm_relaxed'),
  'sotto-node': {
    target: 'engine_bench',
    built: () => existsSync(`${builds}/wasm/bin/engine_bench.js`),
    async run(server, model, work) {
      const args = ['--threads', work.threads, '--prompt', work.prompt, '--new', work.new, '--rounds', 1].map(String);
      // Emscripten's own Node.js: the one that tests run with.
      const {stdout} = await promisify(execFile)(`${cache}/emscripten/bin/node`, [`${builds}/wasm/bin/engine_bench.js`, model, ...args]);
      return JSON.parse(stdout);
    },
  },
  'wllama': {
    built: () => true,
    run: (server, model, work) => visit(server, '/pages/wllama.html', query(model, work), kRoundMs),
  },
};

export function buildCommand(name) {
  return `cmake --preset wasm && cmake --build --preset wasm --target ${engines[name].target}`;
}
