// Sources that are here already: blobs, lists of files, handles, buffers, streams, responses, and paths of Node.
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { after, afterEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { sha256, startServer } from '../server/faults.mjs';
import { environment, importForNode, readFrom, someBytes, temporaryFolder } from './support.mjs';

const { openSource, toWire } = await importForNode();
const model = someBytes(9_500_001);
const folder = await temporaryFolder();
after(() => folder.remove());

const opened = [];
afterEach(async () => {
  for (const files of opened.splice(0)) await files.close();
});

/** As through a postMessage. */
async function open(source, options) {
  const { wire, transfer } = await toWire(source);
  // structuredClone of Node knows no File; between threads of one process a reference does as well.
  const isPlain = wire.kind === 'bytes' || wire.kind === 'stream' || wire.kind === 'path';
  const files = await openSource(isPlain ? structuredClone(wire, { transfer }) : wire, environment(options));
  opened.push(files);
  return files;
}
async function readsWhole(source, name, options) {
  const files = await open(source, options);
  assert.equal(files.first, name);
  assert.equal(files.id, '');
  assert.equal(await files.downloadBytes(name), 0);
  assert.ok((await readFrom(files, name)).equals(model));
  assert.equal(await files.open('other', 0), undefined);
  await files.commit();
  return files;
}
const rejects = (source, code, options) =>
  assert.rejects(
    async () => {
      const files = await open(source, options);
      await readFrom(files, files.first);
      await files.commit();
    },
    (error) => error.code === code && error.message.length > 10,
  );
const named = (bytes, name) => Object.assign(new Blob([bytes]), { name });

test('blobs', async () => {
  const files = await readsWhole(new Blob([model]), 'model');
  assert.ok((await readFrom(files, 'model', 5_000_000)).equals(model.subarray(5_000_000)));
  await files.close();
  await readsWhole(named(model, 'm.gguf'), 'm.gguf', { sha256: sha256(model) });
  await rejects(new Blob([model]), 'integrity_error', { sha256: '0'.repeat(64) });
  const broken = Object.assign(new Blob([model]), { slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) });
  await rejects(broken, 'io_error');
});

test('lists of files', async () => {
  const at = (path, bytes = path) => Object.assign(named(bytes, path.split('/').at(-1)), { webkitRelativePath: path });
  const inside = [at('up/m/config.json'), at('up/m/tokenizer.json'), at('up/m/model.safetensors', model)];
  const folder = await open([...inside, at('up/read.me')]);
  assert.equal(folder.first, 'config.json');
  assert.equal(String(await readFrom(folder, 'tokenizer.json')), 'up/m/tokenizer.json');
  assert.ok((await readFrom(folder, 'model.safetensors')).equals(model));
  assert.equal(await folder.open('read.me', 0), undefined);
  await assert.rejects(folder.open('../read.me', 0), (error) => error.code === 'invalid_argument');
  const parts = await open([named('2', 'a b-00002-of-00002.gguf'), named('1', 'a b-00001-of-00002.gguf')]);
  assert.equal(parts.first, 'a b-00001-of-00002.gguf');
  assert.equal(String(await readFrom(parts, 'a b-00002-of-00002.gguf')), '2');
  await readsWhole([named(model, 'weights.bin')], 'weights.bin');
  await rejects([named('1', 'a.gguf'), named('2', 'b.gguf')], 'invalid_argument');
  await rejects([named('1', 'a.txt'), named('2', 'b.txt')], 'not_found');
  await rejects([], 'invalid_argument');
  await rejects(['a'], 'invalid_argument');
});

/** Handles as the browser has them. */
const fileHandle = (name, bytes) => ({ kind: 'file', name, getFile: async () => named(bytes, name) });
function folderHandle(name, entries) {
  const find = (wanted, kind) => {
    const entry = entries.find((one) => one.name === wanted);
    if (entry?.kind === kind) return entry;
    throw new DOMException('no', entry ? 'TypeMismatchError' : 'NotFoundError');
  };
  return {
    kind: 'directory',
    name,
    async *entries() {
      for (const entry of entries) yield [entry.name, entry];
    },
    getFileHandle: async (wanted) => find(wanted, 'file'),
    getDirectoryHandle: async (wanted) => find(wanted, 'directory'),
  };
}

test('handles', async () => {
  await readsWhole(fileHandle('m.gguf', model), 'm.gguf');
  const shards = folderHandle('shards', [fileHandle('x.safetensors', model)]);
  const files = await open(folderHandle('m', [fileHandle('config.json', '{}'), fileHandle('model.safetensors', 'x'), shards]));
  assert.equal(files.first, 'config.json');
  assert.ok((await readFrom(files, 'shards/x.safetensors')).equals(model));
  assert.equal(await files.open('tokenizer.json', 0), undefined);
  assert.equal(await files.open('shards', 0), undefined);
  assert.equal(await files.open('config.json/x', 0), undefined);
  await rejects(folderHandle('m', []), 'not_found');
  const getFile = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  const refused = Object.assign(fileHandle('m.gguf', ''), { getFile });
  await rejects(refused, 'io_error');
});

test('buffers are taken over where that is possible, and copied where not', async () => {
  const own = new Uint8Array(model).buffer;
  await readsWhole(own, 'model');
  assert.equal(own.byteLength, 0, 'taken over');
  const view = new Uint8Array(model);
  await readsWhole(view, 'model');
  assert.equal(view.byteLength, 0, 'taken over');
  const larger = new Uint8Array(model.length + 20);
  larger.set(model, 10);
  await readsWhole(larger.subarray(10, 10 + model.length), 'model');
  assert.equal(larger.length, model.length + 20, 'part of something larger is copied');
  const shared = new Uint8Array(new SharedArrayBuffer(model.length));
  shared.set(model);
  await readsWhole(shared, 'model');
  assert.equal(shared.length, model.length);
  const wasm = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer);
  wasm.set(model.subarray(0, wasm.length));
  const files = await open(wasm);
  assert.ok((await readFrom(files, 'model')).equals(model.subarray(0, 65536)));
  assert.equal(wasm.length, 65536, 'memory of a module cannot be taken');
  assert.equal((await readFrom(await open(new ArrayBuffer(0)), 'model')).length, 0);
});

/** `counts.pulled` tells how far ahead it was read. */
function streamOf(bytes, counts = {}, length = 1_000_000) {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        counts.pulled = (counts.pulled ?? 0) + 1;
        if (at >= bytes.length) return controller.close();
        controller.enqueue(new Uint8Array(bytes.subarray(at, (at += length))));
      },
      cancel: () => void (counts.cancelled = true),
    },
    { highWaterMark: 0 },
  );
}

test('streams', async () => {
  for (const length of [1_000_000, 9_000_000]) {
    const files = await readsWhole({ stream: streamOf(model, {}, length), size: model.length, name: 'm.gguf' }, 'm.gguf');
    await assert.rejects(readFrom(files, 'm.gguf'), (error) => error.code === 'io_error' && /once/.test(error.message));
    await files.close();
  }
  const hash = { sha256: sha256(model) };
  await (await readsWhole({ stream: streamOf(model), size: model.length }, 'model', hash)).close();
  await rejects({ stream: streamOf(model), size: model.length }, 'integrity_error', { sha256: '0'.repeat(64) });
  await rejects({ stream: streamOf(model), size: model.length + 1 }, 'integrity_error');
  await rejects({ stream: streamOf(model), size: model.length - 1 }, 'integrity_error');
  await rejects({ stream: streamOf(model) }, 'invalid_argument');
  await rejects({ stream: streamOf(model), size: -1 }, 'invalid_argument');
  await rejects({ stream: streamOf(model), size: NaN }, 'invalid_argument');
  const texts = new ReadableStream({ pull: (controller) => controller.enqueue('text') });
  await rejects({ stream: texts, size: 4 }, 'io_error');
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('the cable was cut')) });
  await assert.rejects(async () => readFrom(await open({ stream: broken, size: 9 }), 'model'), /the cable was cut/);
  const locked = streamOf(model);
  locked.getReader();
  await rejects({ stream: locked, size: model.length }, 'invalid_argument');
});

test('a stream is pulled as it is read, from any offset forwards', async () => {
  const counts = {};
  const files = await open({ stream: streamOf(model, counts), size: model.length });
  for (const offset of [0, 100, 999_999, 1_000_000, 5_500_000]) {
    const file = await files.open('model', offset);
    for await (const piece of file.stream) {
      assert.ok(Buffer.from(piece).equals(model.subarray(offset, offset + piece.length)), String(offset));
      break;
    }
    await file.close();
  }
  assert.equal(counts.pulled, 6);
  await assert.rejects(readFrom(files, 'model', 4_000_000), (error) => error.code === 'io_error');
  assert.ok((await readFrom(files, 'model', 5_999_999)).equals(model.subarray(5_999_999)));
  const left = await open({ stream: streamOf(model, counts), size: model.length });
  await left.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(counts.cancelled, true, 'closing lets go of the stream');
});

test('a stream that stops can be cancelled', async () => {
  const controller = new AbortController();
  const stuck = new ReadableStream({ pull: () => new Promise(() => {}) });
  const files = await open({ stream: stuck, size: 10 }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await assert.rejects(readFrom(files, 'model'), (error) => error.code === 'cancelled');
  await files.close();
});

test('responses', async () => {
  const server = await startServer({ files: { 'm.gguf': model } });
  await (await readsWhole(await fetch(`${server.url}/m.gguf?x=1`), 'm.gguf')).close();
  await rejects(await fetch(`${server.url}/none`), 'not_found');
  await rejects(await fetch(`${server.url}/m.gguf?fault=status&code=500`), 'io_error');
  await rejects(await fetch(`${server.url}/m.gguf?fault=no-length`), 'invalid_argument');
  await rejects(await fetch(`${server.url}/m.gguf?fault=gzip`), 'invalid_argument');
  const used = await fetch(`${server.url}/m.gguf`);
  await used.arrayBuffer();
  await rejects(used, 'invalid_argument');
  await server.close();
});

test('paths', async () => {
  const at = (name) => `${folder.path}/${name}`;
  await mkdir(at('hf/sub'), { recursive: true });
  await writeFile(at('m.gguf'), model);
  await writeFile(at('secret'), 'secret');
  await writeFile(at('hf/config.json'), '{}');
  await writeFile(at('hf/model.safetensors'), model);
  await writeFile(at('hf/sub/x'), 'x');
  await symlink(at('secret'), at('hf/out'));
  await symlink('model.safetensors', at('hf/inside'));
  await symlink(at('m.gguf'), at('hf/link.bin'));
  await symlink(folder.path, at('hf/up'));
  await (await readsWhole(at('m.gguf'), 'm.gguf')).close();
  await (await readsWhole(pathToFileURL(at('m.gguf')), 'm.gguf')).close();
  await (await readsWhole(pathToFileURL(at('m.gguf')).href, 'm.gguf', { sha256: sha256(model) })).close();
  await (await readsWhole(at('hf/link.bin'), 'link.bin')).close();
  await rejects(at('m.gguf'), 'integrity_error', { sha256: '0'.repeat(64) });
  const files = await open(at('hf'));
  assert.equal(files.first, 'config.json');
  assert.ok((await readFrom(files, 'model.safetensors', 7)).equals(model.subarray(7)));
  assert.ok((await readFrom(files, 'inside')).equals(model));
  assert.equal(String(await readFrom(files, 'sub/x')), 'x');
  assert.equal(await files.open('tokenizer.json', 0), undefined);
  for (const bad of ['out', 'up/secret', 'link.bin', '../secret', '/etc/passwd', 'a\0'])
    await assert.rejects(files.open(bad, 0), (error) => error.code === 'invalid_argument', bad);
  await assert.rejects(files.open('sub', 0), (error) => error.code === 'io_error');
  await files.close();
  await rejects(at('none.gguf'), 'not_found');
  await rejects(at('hf/sub/..//none'), 'not_found');
  await rejects('/dev/zero', 'io_error');
  await mkdir(at('empty'));
  await rejects(at('empty'), 'not_found');
});

test('what is no source', async () => {
  const objects = [{}, [], [1], () => {}, new Date(), { stream: 3, size: 3 }];
  for (const bad of [null, undefined, 3, NaN, 3n, true, Symbol('x'), ...objects, 'http://[bad', 'hf:x'])
    await rejects(bad, 'invalid_argument');
  await rejects('', 'not_found');
});
