// Builds the package into dist/: bundles by esbuild, declarations by tsc, the core from ../build. Prints the sizes, and fails
// above the limits. --allow-missing-core: without wasm, for work on the TypeScript alone.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const core = join(here, '../build/wasm/bin');
const core64 = join(here, '../build/wasm64/bin');
const mayMissCore = process.argv.includes('--allow-missing-core');

const limits = { coreGzip: 350_000, scriptGzip: 35_000, packageBytes: 3_000_000 };
const facades = ['openai', 'ai-sdk', 'prompt-api', 'react'];

const fail = (message) => {
  console.error(`error: ${message}`);
  process.exit(1);
};

/** gzip already. */
const isPacked = (name) => name.endsWith('.bin');

/** A facade that loads models does it by the package's entry, whichever that is there. */
const entryOfPackage = {
  name: 'entry-of-package',
  setup: (build) => build.onResolve({ filter: /^\.\.?\/index\.ts$/ }, () => ({ path: 'sotto', external: true })),
};

async function bundle(entries, { plugins = [], ...options } = {}) {
  const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  await esbuild.build({
    absWorkingDir: here,
    entryPoints: entries.map((name) => ({ in: `src/${name}.ts`, out: name })),
    outdir: dist,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    jsx: 'automatic',
    external: ['react', 'react/*', 'node:*'],
    logLevel: 'warning',
    define: { packageVersion: JSON.stringify(version), isWithMemory64: String(existsSync(join(dist, 'core64.mjs'))) },
    plugins: [entryOfPackage, ...plugins],
    ...options,
  });
}

/** Emscripten's script, fit for bundlers: it names no file that they would look for, and is told where its threads' script is. */
function glue(path, { isNode }) {
  let source = readFileSync(path, 'utf8');
  const name = basename(path, '.mjs');
  const replace = (what, pattern, replacement) => {
    const replaced = source.replace(pattern, replacement);
    if (replaced === source) fail(`${path}: no ${what}: has Emscripten changed?`);
    source = replaced;
  };
  if (isNode) {
    source = source.replaceAll(`${name}.mjs`, `${name === 'sotto_node' ? 'core' : 'core64'}.node.mjs`).replaceAll(`${name}.wasm`, 'sotto.wasm');
  } else {
    const threadScript = /worker=new Worker\(new URL\("[^"]+",import\.meta\.url\),\{[^}]*\}\)/;
    replace('thread script', threadScript, 'throw Error("mainScriptUrlOrBlob")');
    replace('wasm file', /new URL\("[^"]+\.wasm",import\.meta\.url\)\.href/, '"sotto.wasm"');
  }
  return esbuild.transformSync(source, { minify: true, format: 'esm', target: 'es2022' }).code;
}

/** Smaller than gzip makes it; what reads it is the same. */
function zopfli(path) {
  const { status, stdout, stderr, error } = spawnSync('zopfli', ['-c', path], { maxBuffer: 2 ** 25 });
  if (status !== 0) fail(`zopfli: ${error ?? stderr}`);
  return stdout;
}

/** One wasm and its glues for pages and Node. */
function moduleOf(folder, suffix) {
  const [web, node] = ['sotto_web', 'sotto_node'].map((name) => join(folder, `${name}${suffix}`));
  const missing = [web, node].flatMap((name) => [`${name}.mjs`, `${name}.wasm`]).filter((path) => !existsSync(path));
  if (missing.length > 0) return { missing };
  if (!readFileSync(`${node}.wasm`).equals(readFileSync(`${web}.wasm`)))
    fail(`${node}.wasm and ${web}.wasm differ, and the package carries one`);
  return { missing, wasm: `${web}.wasm`, web: `${web}.mjs`, node: `${node}.mjs` };
}

function copyCore() {
  const relaxed = join(core, 'sotto_web_relaxed');
  const { missing, ...plain } = moduleOf(core, '');
  if (!existsSync(`${relaxed}.wasm`)) missing.push(`${relaxed}.wasm`);
  if (missing.length > 0) {
    if (!mayMissCore) fail(`there is no ${missing.join(', ')}: ./run build npm`);
    return false;
  }
  const relaxedGlue = readFileSync(`${relaxed}.mjs`, 'utf8').replaceAll('sotto_web_relaxed', 'sotto_web');
  if (relaxedGlue !== readFileSync(plain.web, 'utf8')) fail('sotto_web_relaxed.mjs and sotto_web.mjs differ, as above');
  writeFileSync(join(dist, 'core.mjs'), glue(plain.web, { isNode: false }));
  writeFileSync(join(dist, 'core.node.mjs'), glue(plain.node, { isNode: true }));
  writeFileSync(join(dist, 'sotto.wasm'), readFileSync(plain.wasm));
  writeFileSync(join(dist, 'sotto-relaxed.bin'), zopfli(`${relaxed}.wasm`));
  const large = moduleOf(core64, '_relaxed');
  if (large.missing.length > 0) {
    console.log('without 64-bit memory, models over 4 GB do not load: ./run build wasm64 makes it');
    return true;
  }
  writeFileSync(join(dist, 'core64.mjs'), glue(large.web, { isNode: false }));
  writeFileSync(join(dist, 'core64.node.mjs'), glue(large.node, { isNode: true }));
  writeFileSync(join(dist, 'sotto-memory64.bin'), zopfli(large.wasm));
  return true;
}

/** The worker imports the core by its address, which bundlers must leave to it. esbuild keeps no comments where it minifies. */
function markImport() {
  const path = join(dist, 'worker.js');
  const source = readFileSync(path, 'utf8');
  const imports = source.match(/\bimport\(\w+\)/g) ?? [];
  if (imports.length !== 1) fail(`${path}: there should be one import(), of a variable`);
  const marked = source.replace(/\bimport\((?=\w+\))/, 'import(/*webpackIgnore:true*//*turbopackIgnore:true*//*@vite-ignore*/');
  writeFileSync(path, marked);
}

/** The single-file entry carries what was built before. */
function inlinedParts(hasCore) {
  const read = (name) => (existsSync(join(dist, name)) ? readFileSync(join(dist, name)) : Buffer.alloc(0));
  const parts = {
    workerSource: read('worker.js').toString(),
    glueSource: read('core.mjs').toString(),
    wasmText: (hasCore ? zopfli(join(dist, 'sotto.wasm')) : Buffer.alloc(0)).toString('base64'),
  };
  const contents = Object.entries(parts)
    .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`)
    .join('\n');
  return {
    name: 'inlined-parts',
    setup: (build) => build.onLoad({ filter: /[\\/]inlined\.ts$/ }, () => ({ contents, loader: 'js' })),
  };
}

/** Of the public entries, and of what they name. */
function declarations() {
  const raw = mkdtempSync(join(tmpdir(), 'sotto-types-'));
  const tsc = join(here, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', here, '--outDir', raw], { encoding: 'utf8' });
  if (status !== 0) fail(`tsc:\n${stdout}`);
  const wanted = ['index', 'inline', ...facades].map((name) => join(raw, `${name}.d.ts`));
  for (const path of wanted) {
    // Sources name each other with .ts; beside a declaration there is a .js.
    const text = readFileSync(path, 'utf8').replace(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, (_, quote, name) => {
      const named = join(dirname(path), `${name}.d.ts`);
      if (!wanted.includes(named)) wanted.push(named);
      return `${quote}${name}.js${quote}`;
    });
    const target = join(dist, relative(raw, path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  rmSync(raw, { recursive: true });
}

function report(hasCore) {
  const size = (name) => {
    const bytes = readFileSync(join(dist, name));
    return { raw: bytes.length, gzip: isPacked(name) ? bytes.length : gzipSync(bytes, { level: 9 }).length };
  };
  const names = readdirSync(dist).filter((name) => /\.(m?js|wasm|bin)$/.test(name));
  for (const name of names) {
    const { raw, gzip } = size(name);
    console.log(`${name.padEnd(20)} ${String(raw).padStart(9)} B raw ${String(gzip).padStart(8)} B gzip`);
  }
  const script = ['index.js', 'worker.js', ...(hasCore ? ['core.mjs'] : [])].reduce((sum, name) => sum + size(name).gzip, 0);
  const files = readdirSync(dist, { recursive: true }).map((name) => statSync(join(dist, name)));
  const total = files.reduce((sum, file) => sum + file.size, 0);
  console.log(`index + worker${hasCore ? ' + glue' : ''}: ${script} of ${limits.scriptGzip} B gzip`);
  console.log(`package: ${total} of ${limits.packageBytes} B`);
  const over = names.filter((name) => /\.(wasm|bin)$/.test(name) && size(name).gzip > limits.coreGzip);
  if (over.length > 0) fail(`${over.join(', ')}: more than ${limits.coreGzip} B gzip`);
  if (script > limits.scriptGzip) fail(`index, worker and glue have more than ${limits.scriptGzip} B gzip`);
  if (total > limits.packageBytes) fail(`the package has more than ${limits.packageBytes} B`);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const hasCore = copyCore();
await bundle(['index', 'worker', ...facades]);
markImport();
await bundle(['node', 'worker-node'], { platform: 'node' });
await bundle(['inline'], { plugins: [inlinedParts(hasCore)] });
declarations();
report(hasCore);
