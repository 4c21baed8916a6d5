// The package in Chromium, with the fake core: policies, origins, isolation, bundlers, a worker that dies.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { dist, run } from './support.mjs';
import {
  expose,
  html,
  installInto,
  isolation,
  open,
  packageFolder,
  require,
  serve,
  startBrowser,
  strict,
  visitWith,
} from './site.mjs';

const web = fileURLToPath(new URL('../../../web/', import.meta.url));
const esbuild = require('esbuild');

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());
const visit = (context, url) => visitWith(browser, context, url);

/** Loads, generates, and tells how it ran. */
const tryOut = (page, options = {}) =>
  page.evaluate(async (given) => {
    const model = await sotto.load(new TextEncoder().encode('{}'.padEnd(200)), { threads: 3, ...given });
    const pieces = [];
    for await (const { text } of model.chat([{ role: 'user', content: 'a b c' }])) pieces.push(text);
    const { threads, threadsReason, variant } = model.info;
    const { metadata } = await model.inspect();
    await model.close();
    return { text: pieces.join(''), threads, threadsReason, variant, threadScript: metadata.thread_script };
  }, options);

test('same origin, isolated, strict policy: threads, no blob, no eval', async (t) => {
  const origin = await serve(t, packageFolder(), {
    headers: strict,
    texts: { '/': html('/page.js'), '/page.js': expose('./index.js') },
  });
  const { page, complaints } = await visit(t, origin);
  const { text, threads, threadScript, variant } = await tryOut(page);
  assert.deepEqual({ text, threads, threadScript }, { text: 'a b c', threads: 3, threadScript: 'String' });
  assert.equal(variant, 'relaxed');
  assert.deepEqual(complaints, []);
});

test('not isolated: one thread, with the reason; cancel goes by messages', async (t) => {
  const origin = await serve(t, packageFolder(), { texts: { '/': html('/page.js'), '/page.js': expose('./index.js') } });
  const { page } = await visit(t, origin);
  const { text, threads, threadsReason } = await tryOut(page);
  assert.equal(text, 'a b c');
  assert.equal(threads, 1);
  assert.match(threadsReason, /Cross-Origin-Opener-Policy/);
  const reason = await page.evaluate(
    async (prompt) => {
      const model = await sotto.load(new TextEncoder().encode('{}'.padEnd(200)));
      const generation = model.generate(prompt);
      setTimeout(() => generation.cancel(), 100);
      const { finishReason } = await generation.result;
      await model.close();
      return finishReason;
    },
    run({ pieces: Array(4000).fill('x'), pieceMs: 5, prefill: 64, prefillMs: 50 }),
  );
  assert.equal(reason, 'cancelled');
});

test('a page of another origin than the package', async (t) => {
  const cdn = await serve(t, packageFolder(), { headers: { ...isolation, ...open } });
  const origin = await serve(t, '/nowhere', {
    headers: isolation,
    texts: { '/': html('/page.js'), '/page.js': expose(`${cdn}/index.js`) },
  });
  const { page, complaints } = await visit(t, origin);
  const { text, threads, threadScript } = await tryOut(page);
  assert.deepEqual({ text, threads, threadScript }, { text: 'a b c', threads: 3, threadScript: 'Blob' });
  assert.deepEqual(complaints, []);
});

test('baseUrl, relative and of another origin', async (t) => {
  const cdn = await serve(t, packageFolder(), { headers: { ...isolation, ...open } });
  const index = readFileSync(join(dist, 'index.js'));
  const origin = await serve(t, packageFolder(), {
    headers: isolation,
    texts: { '/': html('/page.js'), '/page.js': expose('./elsewhere.js'), '/elsewhere.js': index, '/worker.js': '' },
  });
  const { page } = await visit(t, origin);
  assert.equal((await tryOut(page, { baseUrl: cdn })).text, 'a b c');
  const same = await serve(t, packageFolder(), {
    headers: isolation,
    texts: { '/sub/': html('/page.js'), '/page.js': expose('./index.js') },
  });
  const { page: other } = await visit(t, `${same}/sub/`);
  assert.equal((await tryOut(other, { baseUrl: '../' })).text, 'a b c');
});

test('a worker that ends, or is not there, is told within half a second; then a new one works', async (t) => {
  const origin = await serve(t, packageFolder(), {
    headers: isolation,
    texts: { '/': html('/page.js'), '/page.js': expose('./index.js') },
  });
  const { page } = await visit(t, origin);
  const told = await page.evaluate(
    async (prompt) => {
      const model = await sotto.load(new TextEncoder().encode('{}'.padEnd(200)), { threads: 1 });
      const session = await model.newSession();
      const codes = [];
      const waiting = session.generate(JSON.stringify({ pieces: Array(1000).fill('x'), pieceMs: 20 }));
      waiting.result.catch((error) => codes.push(error.code));
      const began = performance.now();
      await model.generate(prompt).result.catch((error) => codes.push(error.code));
      const ms = performance.now() - began;
      await model.tokenize('x').catch((error) => codes.push(error.code));
      await model.close();
      const missing = await sotto.load(new Uint8Array(9), { baseUrl: '/nowhere/' }).catch((error) => error.code);
      return { codes, ms, missing };
    },
    run({ exit: 0 }),
  );
  assert.deepEqual(told.codes, ['worker_lost', 'worker_lost', 'worker_lost']);
  assert.equal(told.missing, 'io_error');
  assert.ok(told.ms < 500, `${told.ms} ms`);
  assert.equal((await tryOut(page)).text, 'a b c');
});

test('the store answers, and refuses what is no name', async (t) => {
  const origin = await serve(t, packageFolder(), {
    headers: isolation,
    texts: { '/': html('/page.js'), '/page.js': expose('./index.js') },
  });
  const { page } = await visit(t, origin);
  const usage = await page.evaluate(async () => ({
    ...(await sotto.models.usage()),
    list: await sotto.models.list(),
    has: await sotto.models.has('hf:a/b/c.gguf'),
    refused: await Promise.all([5, null, {}, []].map((wrong) => sotto.models.delete(wrong).catch((error) => error.code))),
  }));
  assert.deepEqual(usage.refused, Array(4).fill('invalid_argument'));
  assert.equal(usage.bytes, 0);
  assert.deepEqual(usage.list, []);
  assert.equal(usage.has, false);
});

const carried = {
  workerSource: readFileSync(join(dist, 'worker.js'), 'utf8'),
  glueSource: readFileSync(new URL('fake-core.mjs', import.meta.url), 'utf8'),
  wasmText: gzipSync(Buffer.from('\0asm\x01\0\0\0', 'latin1')).toString('base64'),
};
const inlineFake = {
  name: 'inline-fake',
  setup(build) {
    const contents = Object.entries(carried)
      .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`)
      .join('\n');
    build.onLoad({ filter: /inlined\.ts$/ }, () => ({ contents, loader: 'js' }));
  },
};
const bundleInline = async (format) => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: expose('./src/inline.ts'), resolveDir: web },
    bundle: true,
    write: false,
    minify: true,
    format,
    target: 'es2022',
    define: { packageVersion: '"0"' },
    plugins: [inlineFake],
  });
  return outputFiles[0].text;
};

for (const [format, tag] of [
  ['esm', html('/page.js')],
  ['iife', html('/page.js').replace(' type="module"', ' defer')],
]) {
  test(`the single-file entry, bundled by esbuild as ${format}`, async (t) => {
    const origin = await serve(t, '/nowhere', {
      headers: isolation,
      texts: { '/': tag, '/page.js': await bundleInline(format) },
    });
    const { page, complaints } = await visit(t, origin);
    const { text, threads, threadScript, variant } = await tryOut(page);
    assert.deepEqual(
      { text, threads, threadScript, variant },
      { text: 'a b c', threads: 3, threadScript: 'Blob', variant: 'simd128' },
    );
    assert.deepEqual(complaints, []);
    const refused = await page.evaluate(() => sotto.load(new Uint8Array(9), { baseUrl: '/' }).catch((error) => error.code));
    assert.equal(refused, 'invalid_argument');
  });
}

test('bundled by Vite, without a line of configuration', async (t) => {
  const { build } = await import(require.resolve('vite').replace(/index\.cjs$/, 'node/index.js'));
  const project = mkdtempSync(join(tmpdir(), 'sotto-vite-'));
  t.after(() => rmSync(project, { recursive: true }));
  installInto(project);
  writeFileSync(join(project, 'package.json'), '{"type": "module"}');
  writeFileSync(join(project, 'index.html'), html('/page.js'));
  writeFileSync(join(project, 'page.js'), expose('sotto'));
  await build({ root: project, logLevel: 'error', configFile: false });
  const origin = await serve(t, join(project, 'dist'), { headers: strict });
  const { page, complaints } = await visit(t, origin);
  const { text, threads } = await tryOut(page);
  assert.deepEqual({ text, threads }, { text: 'a b c', threads: 3 });
  assert.deepEqual(complaints, []);
});
