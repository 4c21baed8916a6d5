import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { baseUrl, dist, fakeFolder, loadFake, modelBytes, run, sotto, sottoError } from './support.mjs';

const ends = {
  'ends itself': { exit: 3 },
  'meets a trap': { trap: true },
  'throws outside of calls': { throwLater: true, pieces: Array(100).fill('x'), pieceMs: 20 },
};

for (const [how, prompt] of Object.entries(ends)) {
  test(`a worker that ${how} rejects everything, and the next one works`, async () => {
    const model = await loadFake();
    const other = await model.newSession();
    const generation = model.generate(run(prompt));
    const waiting = other.generate(run({ pieces: Array(1000).fill('x'), pieceMs: 5 }));
    const reading = (async () => {
      for await (const piece of waiting) assert.ok(piece);
    })();
    const lost = sottoError('worker_lost');
    const began = performance.now();
    await Promise.all([
      assert.rejects(generation.result, lost),
      assert.rejects(generation.text(), lost),
      assert.rejects(reading, lost),
      assert.rejects(waiting.result, lost),
    ]);
    assert.ok(performance.now() - began < 5000);
    await assert.rejects(model.tokenize('x'), lost);
    await assert.rejects(model.generate('x').result, lost);
    await assert.rejects(other.tokens(), lost);
    await model.close();
    const next = await loadFake();
    assert.equal(await next.generate('works').text(), 'works');
    await next.close();
  });
}

test('a trap while a model is loaded', async () => {
  await assert.rejects(loadFake({ trapAtFinish: true }), sottoError('worker_lost', 'unreachable'));
});

test('a worker that cannot be found', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'sotto-empty-'));
  for (const call of [sotto.load, sotto.inspect, sotto.plan])
    await assert.rejects(call(modelBytes(), { baseUrl: empty }), sottoError('io_error', 'worker'));
  rmSync(empty, { recursive: true });
});

test('a core that cannot be found, or is none', async () => {
  const folder = fakeFolder();
  rmSync(join(folder, 'core.node.mjs'));
  await assert.rejects(sotto.load(modelBytes(), { baseUrl: folder }), sottoError('io_error', 'core.node.mjs'));
  writeFileSync(join(folder, 'core.node.mjs'), 'export default () => { throw new Error("broken"); }');
  await assert.rejects(sotto.load(modelBytes(), { baseUrl: folder }), sottoError('unsupported', 'broken'));
  writeFileSync(join(folder, 'core.node.mjs'), 'export default async () => { new WebAssembly.Memory({ initial: 1e9 }); }');
  await assert.rejects(sotto.load(modelBytes(), { baseUrl: folder }), sottoError('out_of_memory'));
  rmSync(join(folder, 'sotto.wasm'));
  await assert.rejects(sotto.load(modelBytes(), { baseUrl: folder, variant: 'simd128' }), sottoError('io_error', 'sotto.wasm'));
  writeFileSync(join(folder, 'sotto.wasm'), 'no wasm');
  await assert.rejects(sotto.load(modelBytes(), { baseUrl: folder, variant: 'simd128' }), sottoError('unsupported'));
});

test('threads that do not start: one thread, with the reason', async () => {
  const folder = fakeFolder();
  writeFileSync(
    join(folder, 'core.node.mjs'),
    `import makeCore from ${JSON.stringify(new URL('fake-core.mjs', import.meta.url).href)};
     export default (options) => {
       if (options.poolSize === 0) return makeCore(options);
       setTimeout(() => { throw new Error('no thread'); });
       return new Promise(() => {});
     }`,
  );
  const model = await sotto.load(modelBytes(), { baseUrl: folder, threads: 4 });
  assert.equal(model.info.threads, 1);
  assert.match(model.info.threadsReason, /no thread/);
  await model.close();
});

test('a process ends when nothing runs, though a model is open, and not before', async () => {
  const script = join(baseUrl, 'program.mjs');
  writeFileSync(
    script,
    `import { load } from ${JSON.stringify(join(dist, 'node.js'))};
     const model = await load(new TextEncoder().encode('{}'.padEnd(100)), { baseUrl: ${JSON.stringify(baseUrl)}, threads: 1 });
     model.generate(${JSON.stringify(run({ pieces: ['a', 'b'], pieceMs: 100 }))}).text().then(console.log);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  assert.equal(stdout, 'ab\n');
  assert.ok(existsSync(script));
});

test('a model that is forgotten takes its worker along', async () => {
  const script = join(baseUrl, 'forgetful.mjs');
  writeFileSync(
    script,
    `import { Worker } from 'node:worker_threads';
     import { load } from ${JSON.stringify(join(dist, 'node.js'))};
     let ended = 0;
     const { emit } = Worker.prototype;
     Worker.prototype.emit = function (name) { if (name === 'exit') ++ended; return emit.apply(this, arguments); };
     const bytes = () => new TextEncoder().encode('{}'.padEnd(100));
     const options = { baseUrl: ${JSON.stringify(baseUrl)}, threads: 1 };
     let session = await (await load(bytes(), options)).newSession();
     for (let i = 0; i < 3; ++i) await load(bytes(), options);
     for (let i = 0; i < 100 && ended < 3; ++i) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
     console.log(ended, await session.generate('alive').text());`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script], { timeout: 30_000 });
  assert.equal(stdout, '3 alive\n');
});
