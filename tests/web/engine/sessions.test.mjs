import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadFake, run, sleep, sotto, sottoError, until } from './support.mjs';

const endless = run({ pieces: Array(5000).fill('x'), pieceMs: 2 });

test('two requests at once on one session', async () => {
  const model = await loadFake();
  const session = await model.newSession();
  for (const owner of [model, session]) {
    const first = owner.generate(run({ pieces: ['a', 'b'], pieceMs: 50 }));
    await assert.rejects(owner.generate('x').text(), sottoError('concurrent_use'));
    await assert.rejects(owner.chat([{ role: 'user', content: 'x' }]).result, sottoError('concurrent_use'));
    assert.equal(await first.text(), 'ab');
    assert.equal(await owner.generate('y').text(), 'y');
  }
  const first = session.generate(run({ pieces: ['a', 'b'], pieceMs: 50 }));
  await assert.rejects(session.tokens(), sottoError('concurrent_use'));
  await assert.rejects(session.rewind(0), sottoError('concurrent_use'));
  await assert.rejects(session.fork(), sottoError('concurrent_use'));
  assert.equal(await first.text(), 'ab');
  await model.close();
});

test('several sessions and several models at once', async () => {
  const models = await Promise.all([loadFake(), loadFake()]);
  const sessions = await Promise.all(models.flatMap((model) => [model.newSession(), model.newSession()]));
  const order = [];
  const texts = await Promise.all(
    sessions.map(async (session, i) => {
      const generation = session.generate(run({ pieces: Array(20).fill(`${i}`), pieceMs: 4 }));
      for await (const { text } of generation) order.push(text);
      return generation.text();
    }),
  );
  assert.deepEqual(
    texts,
    ['0', '1', '2', '3'].map((text) => text.repeat(20)),
  );
  // In turns: each pair's second begins before its first ends.
  for (const [a, b] of [
    ['0', '1'],
    ['2', '3'],
  ]) {
    assert.ok(order.indexOf(b) < order.lastIndexOf(a), order.join(''));
    assert.ok(order.indexOf(a) < order.lastIndexOf(b), order.join(''));
  }
  await Promise.all(models.map((model) => model.close()));
});

test('short calls are answered while a generation runs', async () => {
  const model = await loadFake();
  const generation = model.generate(endless);
  for (let i = 0; i < 5; ++i) assert.deepEqual(await model.tokenize('a'), [97, 0]);
  assert.equal(await model.decode([104, 105]), 'hi');
  assert.deepEqual(JSON.parse(await model.applyTemplate([{ role: 'user', content: 'x' }], { addGenerationPrompt: false })), {
    messages: [{ role: 'user', content: 'x' }],
    add_generation_prompt: false,
  });
  assert.equal((await model.inspect()).metadata.some_key, 'y');
  assert.ok((await model.memory()).linearBytes > 0);
  generation.cancel();
  await model.close();
});

test('a timeline: tokens, rewind, fork', async () => {
  const model = await loadFake();
  const session = await model.newSession();
  await session.generate('a b c').result;
  assert.deepEqual(await session.tokens(), [1, 2, 3]);
  const fork = await session.fork();
  await session.rewind(1);
  assert.deepEqual(await session.tokens(), [1]);
  assert.deepEqual(await fork.tokens(), [1, 2, 3]);
  await fork.close();
  await fork.close();
  await assert.rejects(fork.tokens(), sottoError('closed'));
  await assert.rejects(fork.generate('x').result, sottoError('closed'));
  await assert.rejects(fork.fork(), sottoError('closed'));
  assert.deepEqual(await session.tokens(), [1]);
  await session[Symbol.asyncDispose]();
  await model.close();
  await session.close();
});

test('generate() of a model starts anew, chat() goes on', async () => {
  const model = await loadFake();
  for (let i = 0; i < 3; ++i) await model.generate('a b').result;
  assert.equal((await model.memory()).kvBytes, 1, 'one session');
  await model.close();
});

test('new sessions have the options of load() where they have none of their own', async () => {
  const model = await loadFake({}, { context: 100, cache: 'q8_0' });
  const session = await model.newSession({ context: 50 });
  await session.close();
  await assert.rejects(model.newSession({ context: 13 }), sottoError('out_of_memory'));
  await model.close();
});

test('closing a session ends what it runs, and frees it', async () => {
  const model = await loadFake();
  const session = await model.newSession();
  const generation = session.generate(endless);
  await generation[Symbol.asyncIterator]().next();
  await session.close();
  await assert.rejects(generation.text(), sottoError('closed'));
  await assert.rejects(generation.result, sottoError('closed'));
  await until(async () => (await model.memory()).scratchBytes === 0);
  assert.equal((await model.memory()).kvBytes, 1);
  assert.equal(await model.generate('x').text(), 'x');
  await model.close();
});

test('closing a model ends what runs; afterwards everything is closed', async () => {
  const model = await loadFake();
  const session = await model.newSession();
  const running = [session.generate(endless), model.generate(run({ spin: true }))];
  const reading = (async () => {
    for await (const piece of running[0]) assert.ok(piece);
  })();
  await sleep(60);
  const asked = model.tokenize('x');
  const closed = sottoError('closed');
  await Promise.all([
    assert.rejects(reading, closed),
    assert.rejects(running[0].result, closed),
    assert.rejects(running[1].text(), closed),
    assert.rejects(asked, closed),
    model.close(),
    model.close(),
  ]);
  await model.close();
  await model[Symbol.asyncDispose]();
  const calls = [
    () => model.generate('x').result,
    () => model.chat([]).text(),
    () => model.tokenize('x'),
    () => model.decode([1]),
    () => model.inspect(),
    () => model.applyTemplate([]),
    () => model.newSession(),
    () => model.memory(),
    () => model.trace(),
    () => session.tokens(),
    () => session.rewind(0),
    () => session.fork(),
    () => session.generate('x').text(),
  ];
  for (const call of calls) await assert.rejects(call(), closed);
  assert.equal(model.info.architecture, 'fake');
});

test('nothing is left of a thousand generations', async () => {
  const model = await loadFake();
  for (let i = 0; i < 1000; ++i) await model.generate('a').result;
  await until(async () => (await model.memory()).scratchBytes === 0);
  await model.close();
});

test('a trace, where it was asked for', async () => {
  const model = await loadFake({}, { trace: true });
  assert.equal((await model.trace()).traceEvents[0].name, 'step');
  await model.close();
});

test('the version is that of the package', () => assert.match(sotto.version, /^\d+\.\d+\.\d+$/));
