// The demo's own server: headers, ranges, models of the cache folder, nothing outside of its folders.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serve } from '../../../web/demo/server.mjs';

const policy = "default-src 'self'; script-src 'self'";
const folder = mkdtempSync(join(tmpdir(), 'sotto-server-'));
const root = join(folder, 'page');
const cache = join(folder, 'cache');
let server;

before(async () => {
  mkdirSync(join(root, 'assets'), { recursive: true });
  mkdirSync(join(cache, 'models/hf/owner/repo'), { recursive: true });
  writeFileSync(join(root, 'index.html'), `<meta http-equiv="Content-Security-Policy" content="${policy}">`);
  writeFileSync(join(root, 'assets/core.wasm'), 'wasm');
  writeFileSync(join(folder, 'secret'), 'secret');
  symlinkSync(join(folder, 'secret'), join(root, 'link'));
  writeFileSync(join(cache, 'models/a.gguf'), '0123456789');
  writeFileSync(join(cache, 'models/notes.txt'), 'no model');
  for (const part of ['00001', '00002']) writeFileSync(join(cache, `models/hf/owner/repo/big model-${part}-of-00002.gguf`), part);
  symlinkSync(join(folder, 'secret'), join(cache, 'models/link.gguf'));
  server = await serve({ root, cache });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Without the tidying of paths that fetch() does. */
function get(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    request({ port, host: 'localhost', path, headers, method }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    })
      .on('error', reject)
      .end();
  });
}

test('sends isolation and policy with everything, also with errors', async () => {
  for (const path of ['/', '/assets/core.wasm', '/models/a.gguf', '/nothing']) {
    const { headers } = await get(path);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp', path);
    assert.equal(headers['content-security-policy'], policy, path);
  }
  const plain = await serve({ root, cache, isolation: false });
  const { headers } = await fetch(plain.url);
  await plain.close();
  assert.equal(headers.get('cross-origin-opener-policy'), null);
  assert.equal(headers.get('cross-origin-embedder-policy'), null);
  assert.equal(headers.get('content-security-policy'), policy);
});

test('types and caching', async () => {
  const page = await get('/');
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(page.headers['cache-control'], 'no-cache');
  const wasm = await get('/assets/core.wasm');
  assert.equal(wasm.headers['content-type'], 'application/wasm');
  assert.match(wasm.headers['cache-control'], /immutable/);
  assert.equal((await get('/', { 'if-none-match': page.headers.etag })).status, 304);
  assert.equal((await get('/', {}, 'POST')).status, 405);
});

test('ranges', async () => {
  const {
    headers: { etag },
  } = await get('/models/a.gguf', {}, 'HEAD');
  const cases = [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=3-1', 200, '0123456789', undefined],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['bytes=-', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ];
  for (const [range, status, body, told] of cases) {
    const answer = await get('/models/a.gguf', { range });
    assert.deepEqual([answer.status, answer.body, answer.headers['content-range']], [status, body, told], range);
  }
  assert.equal((await get('/models/a.gguf', { range: 'bytes=2-3', 'if-range': etag })).body, '23');
  assert.equal((await get('/models/a.gguf', { range: 'bytes=2-3', 'if-range': '"other"' })).body, '0123456789');
  const head = await get('/models/a.gguf', {}, 'HEAD');
  assert.deepEqual([head.headers['content-length'], head.body], ['10', '']);
});

test('lists models of the cache, first parts only, and serves them', async () => {
  const { models } = JSON.parse((await get('/models/index.json')).body);
  assert.deepEqual(models, [
    { file: 'a.gguf', path: 'a.gguf', bytes: 10 },
    { file: 'big model-00001-of-00002.gguf', path: 'hf/owner/repo/big%20model-00001-of-00002.gguf', bytes: 5 },
  ]);
  for (const { path } of models) assert.equal((await get(`/models/${path}`)).status, 200);
  assert.equal((await get('/models/hf/owner/repo/big%20model-00002-of-00002.gguf')).body, '00002');
  const empty = await serve({ root, cache: join(folder, 'no cache') });
  assert.deepEqual(await (await fetch(`${empty.url}models/index.json`)).json(), { models: [] });
  await empty.close();
});

test('nothing outside of its folders', async () => {
  for (const path of [
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/..%5csecret',
    '/link',
    '/models/link.gguf',
    '/models/notes.txt',
    '/models/../../secret',
    '/models/%2e%2e/%2e%2e/secret',
    '/models/',
    '/assets',
    '/%00',
    '/%zz',
    '//secret',
  ]) {
    const { status, body } = await get(path);
    assert.ok(status === 404 || status === 400, `${path} gave ${status}`);
    assert.equal(body, '', path);
  }
});

test('as a command it prints its address', async () => {
  const script = fileURLToPath(new URL('../../../web/demo/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, '--root', root, '--cache', cache, '--port', '0', '--no-isolation']);
  child.stdout.setEncoding('utf8');
  const [line] = await child.stdout.take(1).toArray();
  const response = await fetch(line.trim());
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('cross-origin-opener-policy'), null);
  child.kill();
  const failed = spawn(process.execPath, [script, '--root', join(folder, 'unbuilt'), '--port', '0']);
  failed.stderr.setEncoding('utf8');
  const [error] = await failed.stderr.take(1).toArray();
  assert.match(error, /^error: .*build the page first\n$/);
});
