import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { baseUrl, loadFake, modelBytes, skipMemory64, sleep, sotto, sottoError } from './support.mjs';

const folder = mkdtempSync(join(tmpdir(), 'sotto-load-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name, bytes) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const options = { baseUrl, threads: 1 };

test('bytes of every length arrive whole', async () => {
  for (const size of [2, 63, 64, 65, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 5 * 2 ** 20 + 3]) {
    const model = await sotto.load(modelBytes({}, size), options);
    assert.equal((await model.inspect()).fileBytes, size);
    await model.close();
  }
});

test('a path, a file URL, a Blob, a stream in odd pieces', async () => {
  const path = file('model.gguf', modelBytes({}, 3 * 2 ** 20 + 5));
  const bytes = modelBytes({}, 100_003);
  let at = 0;
  const stream = new ReadableStream({
    pull(controller) {
      const size = 1 + ((at * 7) % 5000);
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
  for (const source of [path, pathToFileURL(path), new Blob([bytes]), { stream, size: bytes.length }]) {
    const model = await sotto.load(source, options);
    assert.equal(await model.generate('x').text(), 'x');
    await model.close();
  }
});

test('info tells how it runs', async () => {
  const model = await loadFake({}, { threads: 3, quantize: 'none', warmUp: false, variant: 'simd128' });
  assert.equal(model.info.threads, 3);
  assert.equal(model.info.threadsReason, undefined);
  assert.equal(model.info.variant, 'simd128');
  assert.equal(model.info.hasChatTemplate, true);
  assert.deepEqual(model.info.warnings, ['a fake']);
  assert.deepEqual(JSON.parse(model.info.name), { quantize: 'none', warm_up: false }, 'what the core was given');
  await model.close();
});

test('relaxed SIMD is refused where it is missing', async () => {
  const swizzle = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128,
    2, 11,
  ];
  const has = WebAssembly.validate(new Uint8Array(swizzle));
  const loading = loadFake({}, { variant: 'relaxed' });
  if (!has) return assert.rejects(loading, sottoError('unsupported', 'variant'));
  const model = await loading;
  assert.equal(model.info.variant, 'relaxed');
  await model.close();
});

test('progress: phases in order, bytes that only grow, at most 20 messages a second', async () => {
  const size = 400_000;
  const bytes = modelBytes({ finishMs: 50 }, size);
  let at = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await sleep(1);
      controller.enqueue(bytes.slice(at, (at += 1000)));
      if (at >= size) controller.close();
    },
  });
  const seen = [];
  const began = performance.now();
  const model = await sotto.load({ stream, size }, { ...options, onProgress: (progress) => seen.push(progress) });
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seen.length >= 3 && seen.length <= seconds * 20 + 4, `${seen.length} messages in ${seconds} s`);
  assert.deepEqual([...new Set(seen.map(({ phase }) => phase))], ['read', 'warm-up']);
  for (let i = 1; i < seen.length; ++i) assert.ok(seen[i].loaded >= seen[i - 1].loaded);
  for (const { total, fromStore, bytesPerSecond } of seen) {
    assert.equal(total, size);
    assert.equal(fromStore, false);
    assert.ok(bytesPerSecond >= 0);
  }
  const last = seen.findLast(({ phase }) => phase === 'read');
  assert.equal(last.loaded, size);
  assert.equal(last.remaining, 0);
  await model.close();
});

test('further files, and those that are missing', async () => {
  const first = file('model-00001-of-00002.gguf', modelBytes({ also: ['model-00002-of-00002.gguf', 'not-there.gguf'] }, 1000));
  file('model-00002-of-00002.gguf', modelBytes({}, 500));
  const names = new Set();
  const model = await sotto.load(first, { ...options, onProgress: (progress) => names.add(progress.file) });
  assert.deepEqual([...names], ['model-00001-of-00002.gguf', 'model-00002-of-00002.gguf']);
  assert.equal((await model.inspect()).fileBytes, 1500);
  await model.close();
});

test('inspect() and plan() read headers', async () => {
  const inspection = await sotto.inspect(modelBytes({}, 3 * 2 ** 20), { baseUrl });
  assert.equal(inspection.fileBytes, 3 * 2 ** 20);
  assert.equal(inspection.unsupportedReason, '');
  assert.deepEqual(inspection.metadata, { 'general.file_type': 'x', some_key: 'y', thread_script: 'none' });
  assert.deepEqual(await sotto.plan(modelBytes(), { baseUrl, context: 100 }), {
    weightsBytes: 1000,
    tokenizerBytes: 100,
    kvBytes: 102400,
    scratchBytes: 10,
    totalBytes: 103510,
    downloadBytes: 0,
    fits: true,
  });
  assert.equal((await sotto.plan(modelBytes(), { baseUrl, memoryLimitBytes: 1000 })).fits, false);
});

describe('what needs more than 4 GiB', { skip: skipMemory64 }, () => {
  const context = 2 ** 23; // 8 GiB, by the fake core's 1024 bytes a token

  test('gets 64-bit addresses', async () => {
    const path = file('large.gguf', modelBytes({}, 1000));
    assert.equal((await sotto.plan(path, { baseUrl, context })).fits, true);
    const model = await sotto.load(path, { ...options, context, timeout: 60_000 });
    assert.equal(model.info.variant, 'memory64');
    assert.equal(await model.generate('x').text(), 'x');
    await model.close();
  });

  test('is refused where another variant was asked for', async () => {
    const path = file('large.gguf', modelBytes({}, 1000));
    assert.equal((await sotto.plan(path, { baseUrl, context, variant: 'simd128' })).fits, false);
    await assert.rejects(sotto.load(path, { ...options, context, variant: 'simd128' }), sottoError('out_of_memory', 'simd128'));
  });

  test('from a source that can be read once it must be asked for', async () => {
    const stream = () => ({ stream: new Blob([modelBytes()]).stream(), size: 200 });
    await assert.rejects(sotto.load(stream(), { ...options, context }), sottoError('out_of_memory', 'variant'));
    const model = await sotto.load(stream(), { ...options, context, variant: 'memory64' });
    assert.equal(model.info.variant, 'memory64');
    await model.close();
  });
});

test('what does not fit is refused before it is downloaded', async () => {
  const context = 2 ** 24; // 16 GiB
  assert.equal((await sotto.plan(modelBytes(), { baseUrl, context })).fits, false);
  let loaded = 0;
  const loading = sotto.load(modelBytes({}, 2 ** 23), {
    ...options,
    context,
    onProgress: (progress) => (loaded = progress.loaded),
  });
  await assert.rejects(loading, sottoError('out_of_memory'));
  assert.ok(loaded <= 2 ** 20, `${loaded} bytes were read`);
});

test('what is wrong with a model comes as it is', async () => {
  await assert.rejects(sotto.load(new TextEncoder().encode('no json'), options), sottoError('bad_model', 'model:0'));
  await assert.rejects(
    loadFake({ error: { code: 'unsupported', message: 'architecture x', where: 'general.architecture' } }),
    sottoError('unsupported', 'general.architecture'),
  );
  await assert.rejects(sotto.load(join(folder, 'none.gguf'), options), sottoError('not_found'));
});

test('ten models after each other', async () => {
  for (let i = 0; i < 10; ++i) {
    const model = await loadFake();
    assert.equal(await model.generate(`${i}`).text(), `${i}`);
    await model.close();
  }
});
