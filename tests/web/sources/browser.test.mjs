// The store of a page in Chromium: workers, pages and renderers that die while they download, full and missing storage, two tabs.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addRepository, sha256, startServer } from '../server/faults.mjs';
import { bundle, requireFromWeb, someBytes, temporaryFolder } from './support.mjs';

const browserPath = process.env.SOTTO_CHROMIUM ?? '/usr/bin/chromium';
const options = { skip: existsSync(browserPath) ? false : `no ${browserPath}`, timeout: 600_000 };
const model = someBytes(6 * 2 ** 20 + 7);
const hash = sha256(model);
const maxTwiceBytes = 4 * 2 ** 20;
let server;
let other;
let browser;

before(async () => {
  if (options.skip) return;
  const folder = await temporaryFolder();
  const page = "import { models, toWire } from './web.ts'; Object.assign(globalThis, { models, toWire });";
  const worker = await readFile(new URL('browser-worker.mjs', import.meta.url), 'utf8');
  const files = {
    'index.html': Buffer.from('<!doctype html><script type="module" src="page.js"></script>'),
    'm.gguf': model,
    'small.gguf': model.subarray(0, 1_000_000),
    'folder/config.json': Buffer.from('{}'),
  };
  files['page.js'] = await readFile(await bundle(page, join(folder.path, 'page.js'), 'browser'));
  files['worker.js'] = await readFile(await bundle(worker, join(folder.path, 'worker.js'), 'browser'));
  await folder.remove();
  server = await startServer({ files });
  other = await startServer({ files: { 'm.gguf': model } });
  const { chromium } = requireFromWeb('playwright-core');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser = await chromium.launch({ executablePath: browserPath, args: [...sandbox, '--disable-dev-shm-usage'] });
});
after(() => Promise.all([browser?.close(), server?.close(), other?.close()]));

const address = (query = '') => `${server.url}/m.gguf${query && `?${query}`}`;

/** A page of our origin, with functions of the test in it. */
async function openPage(context) {
  const page = await context.newPage();
  await page.goto(`${server.url}/index.html`);
  await page.waitForFunction('globalThis.models');
  await page.evaluate(() => {
    /** Settles as the load does. `source` may be made in the page: a text of code. */
    globalThis.load = async ({ source, code, ...request }) => {
      const { wire, transfer } = await toWire(code ? await (0, eval)(code) : source);
      globalThis.worker = new Worker('worker.js', { type: 'module' });
      return new Promise((resolve) => {
        globalThis.worker.onmessage = ({ data }) => {
          globalThis.worker.terminate();
          resolve(data);
        };
        globalThis.worker.postMessage({ options: {}, ...request, wire }, transfer);
      });
    };
  });
  return page;
}
async function visit(use) {
  const context = await browser.newContext();
  try {
    return await use(await openPage(context), context);
  } finally {
    await context.close();
  }
}
async function load(page, source, request = {}) {
  const { value, error } = await page.evaluate((all) => load(all), { source, ...request });
  if (error) throw Object.assign(new Error(error.message), error);
  return value;
}
const isModel = ({ read, first }) => assert.equal(read[first].sha256, hash);
const list = (page) => page.evaluate(() => models.list());
/** Until so many bytes of a model are made sure of. */
async function untilStored(page, id, bytes) {
  while (!(await list(page)).some((model) => model.id === id && model.bytes >= bytes));
}

test('a file is fetched once, then read from the store', options, () =>
  visit(async (page) => {
    server.reset();
    const first = await load(page, address());
    isModel(first);
    assert.deepEqual(first.warnings, []);
    assert.deepEqual(first.read['m.gguf'].fromStore, [false]);
    assert.equal(first.received, model.length);
    const again = await load(page, 'm.gguf');
    isModel(again);
    assert.deepEqual([again.received, again.warnings, again.read['m.gguf'].fromStore], [0, [], [true]]);
    assert.equal(server.log.filter(({ path }) => path === '/m.gguf').length, 1);
    assert.deepEqual(await list(page), [
      { id: address(), files: [{ name: 'm.gguf', bytes: model.length, sha256: hash }], bytes: model.length, complete: true },
    ]);
    const usage = await page.evaluate(() => models.usage());
    assert.ok(usage.bytes >= model.length && usage.quotaBytes > usage.bytes && usage.persisted === false);
    assert.equal(await page.evaluate((url) => models.has(new URL(url)), address()), true);
    assert.equal(await page.evaluate((url) => models.delete(url), address()), true);
    assert.equal(await page.evaluate((url) => models.delete(url), address()), false);
    assert.deepEqual(await list(page), []);
    assert.equal((await page.evaluate(() => models.usage())).bytes, 0);
    await load(page, 'folder/', { names: ['config.json', 'tokenizer.json'] });
    assert.equal((await list(page)).length, 1);
    await page.evaluate(() => models.clear());
    assert.deepEqual(await list(page), []);
  }));

test('a wrong hash leaves nothing behind', options, () =>
  visit(async (page) => {
    const wrong = { options: { sha256: '0'.repeat(64) } };
    await assert.rejects(load(page, address(), wrong), { code: 'integrity_error' });
    assert.deepEqual(await list(page), []);
    await load(page, address());
    await assert.rejects(load(page, address(), wrong), { code: 'integrity_error' });
    assert.deepEqual(await list(page), []);
    isModel(await load(page, address(), { options: { sha256: hash } }));
  }));

test('downloads that die go on', options, async (t) => {
  // The observer sees what the others received, until they are gone.
  const context = await browser.newContext();
  const observer = await openPage(context);
  await observer.evaluate(() => (new BroadcastChannel('progress').onmessage = ({ data }) => (globalThis.received = data)));
  const kills = {
    worker: (page) => page.evaluate(() => worker.terminate()),
    reload: (page) => page.reload(),
    close: (page) => page.close(),
    crash: async (page) => {
      const gone = page.waitForEvent('crash');
      page.goto('chrome://crash').catch(() => {});
      await gone;
      await page.close();
    },
  };
  // 50 take a minute more: ./run test full.
  const counts = process.env.SOTTO_FULL ? { worker: 26, reload: 8, close: 8, crash: 8 } : { worker: 6, reload: 3, close: 3, crash: 3 };
  let seed = 77;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const twice = [];
  let interrupted = 0;
  for (const [kind, count] of Object.entries(counts)) {
    for (let trial = 0; trial < count; ++trial) {
      server.reset();
      await observer.evaluate(() => (globalThis.received = 0));
      const url = address(`rate=12000000&${kind}=${trial}`);
      const page = await openPage(context);
      const dying = load(page, url).catch(() => {});
      await observer.waitForFunction('received > 0');
      await new Promise((resolve) => setTimeout(resolve, random() * 250));
      await kills[kind](page);
      const received = await observer.evaluate('received');
      const last = page.isClosed() || kind === 'reload' ? await openPage(context) : page;
      const again = await load(last, url);
      isModel(again);
      assert.deepEqual(again.warnings, [], `${kind} ${trial}`);
      assert.equal(await last.evaluate((id) => models.has(id), url), true);
      if (again.received > 0) interrupted += 1;
      twice.push(received + again.received - model.length);
      await last.evaluate((id) => models.delete(id), url);
      await last.close();
      if (!page.isClosed()) await page.close();
      await Promise.race([dying, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
  }
  await context.close();
  t.diagnostic(`${interrupted} of ${twice.length} were interrupted; fetched twice at most ${Math.max(...twice)} bytes`);
  assert.ok(interrupted > twice.length / 2);
  assert.ok(Math.max(...twice) <= maxTwiceBytes, String(twice));
});

test('two tabs: one downloads, the other waits and reads what is stored', options, () =>
  visit(async (page, context) => {
    server.reset();
    const second = await openPage(context);
    const url = address('rate=20000000');
    const loads = await Promise.all([load(page, url), load(second, url)]);
    loads.forEach(isModel);
    assert.deepEqual(loads.map(({ received }) => received).sort((a, b) => a - b), [0, model.length]);
    assert.equal(server.log.filter(({ path }) => path === '/m.gguf').length, 1);
    assert.deepEqual(loads.flatMap(({ warnings }) => warnings), []);
    const slow = address('rate=2000000&third');
    const third = load(page, slow);
    third.catch(() => {});
    await untilStored(page, slow, 1);
    const refused = await second.evaluate((id) => models.delete(id).then(String, ({ code }) => code), slow);
    assert.equal(refused, 'concurrent_use');
    const peeked = await load(second, slow, { peek: true });
    isModel(peeked);
    isModel(await third);
  }));

test('a full storage: the model comes, and nothing is left', options, () =>
  visit(async (page, context) => {
    const cdp = await context.newCDPSession(page);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: 3 * 2 ** 20 });
    const loaded = await load(page, address());
    isModel(loaded);
    assert.equal(loaded.warnings.length, 1);
    assert.match(loaded.warnings[0], /m\.gguf is not stored: there is no room for it/);
    assert.deepEqual(await list(page), []);
    assert.ok((await page.evaluate(() => models.usage())).bytes < 1000);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url });
    assert.deepEqual((await load(page, address())).warnings, []);
  }));

test('what browsers lack: the model comes, and a warning says why it is not stored', options, () =>
  visit(async (page) => {
    for (const lack of ['opfs', 'private', 'answers', 'handles', 'locks', 'room']) {
      const loaded = await load(page, address(lack), { lack });
      isModel(loaded);
      assert.ok(loaded.warnings.length >= 1, lack);
      assert.match(loaded.warnings.join(), /not stored: ./);
      assert.deepEqual((await list(page)).filter(({ complete, bytes }) => complete || bytes > 0), [], lack);
    }
    assert.deepEqual((await load(page, address('opfs'), { options: { storage: 'none' }, lack: 'opfs' })).warnings, []);
  }));

test('site data that is cleared meanwhile', options, () =>
  visit(async (page, context) => {
    const cdp = await context.newCDPSession(page);
    const url = address('rate=10000000&cleared');
    const loading = load(page, url);
    await untilStored(page, url, 2e6);
    await cdp.send('Storage.clearDataForOrigin', { origin: server.url, storageTypes: 'all' });
    isModel(await loading);
    isModel(await load(page, url));
  }));

test('other hosts', options, () =>
  visit(async (page) => {
    other.reset();
    isModel(await load(page, `${other.url}/m.gguf?fault=short&at=3000000&times=1`));
    isModel(await load(page, `${other.url}/m.gguf?fault=short&at=3000000&times=1&hide=1`));
    const ranges = other.log.map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range)[1]));
    assert.equal(ranges.length, 4);
    assert.ok(ranges[1] > 0 && ranges[3] > 0 && ranges[0] + ranges[2] === 0, String(ranges));
    await assert.rejects(load(page, `${other.url}/m.gguf?no-cors=1`), { code: 'io_error', message: /does not allow/ });
    await assert.rejects(load(page, 'http://127.0.0.1:1/m.gguf'), { code: 'io_error' });
    await assert.rejects(load(page, `${other.url}/none.gguf`), { code: 'not_found' });
    await assert.rejects(load(page, `${other.url}/m.gguf?fault=gzip&hide=1`), { code: /^(io|integrity)_error$/ });
  }));

test('the hub: redirected to another host, with a token', options, () =>
  visit(async (page) => {
    addRepository(server, other, 'o/r', { 'm.Q8_0.gguf': model }, { token: 'secret' });
    other.reset();
    const hub = { hubUrl: server.url, token: 'secret' };
    const loaded = await load(page, 'hf:o/r', { options: hub });
    isModel(loaded);
    assert.equal(loaded.first, 'm.Q8_0.gguf');
    assert.ok(other.log.every(({ authorization }) => authorization === undefined));
    assert.equal((await load(page, 'hf:o/r', { options: { hubUrl: 'http://127.0.0.1:1' } })).received, 0);
    await assert.rejects(load(page, 'hf:o/none', { options: hub }), { code: 'not_found' });
    addRepository(other, server, 'o/r', { 'm.Q8_0.gguf': model }, { token: 'secret' });
    isModel(await load(page, 'hf:o/r', { options: { hubUrl: other.url, token: 'secret', storage: 'none' } }));
  }));

test('what is here already', options, () =>
  visit(async (page) => {
    const fetched = `fetch('m.gguf')`;
    const folder = `navigator.storage.getDirectory().then(async (root) => {
      const folder = await root.getDirectoryHandle('mine', { create: true });
      for (const name of ['config.json', 'model.safetensors']) {
        const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
        await file.write(name);
        await file.close();
      }
      return folder;
    })`;
    for (const code of [
      `${fetched}`,
      `${fetched}.then((response) => response.blob())`,
      `${fetched}.then((response) => response.arrayBuffer())`,
      `${fetched}.then((response) => ({ stream: response.body, size: ${model.length}, name: 'm.gguf' }))`,
      `${fetched}.then((response) => response.blob()).then((blob) => [new File([blob], 'x.gguf')])`,
    ]) {
      const loaded = await load(page, undefined, { code });
      isModel(loaded);
      assert.deepEqual([loaded.received, loaded.warnings], [0, []]);
    }
    const loaded = await load(page, undefined, { code: folder, names: ['config.json', 'model.safetensors', 'tokenizer.json'] });
    assert.deepEqual(Object.keys(loaded.read), ['config.json', 'model.safetensors']);
    await assert.rejects(load(page, 'no-such-name'), { code: 'not_found' });
  }));

test('the checksum of this test is right', async () => {
  const folder = await temporaryFolder();
  const worker = await readFile(new URL('browser-worker.mjs', import.meta.url), 'utf8');
  const checksum = worker.replace(/const channel[^]*/, 'export { Sha256 };');
  const file = await bundle(checksum, join(folder.path, 'sha.mjs'), 'browser');
  const { Sha256 } = await import(file);
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
    const sha = new Sha256();
    sha.update(model.subarray(0, length));
    assert.equal(sha.hex(), sha256(model.subarray(0, length)));
  }
  await folder.remove();
});
