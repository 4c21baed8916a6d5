import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { loadFake, run, sottoError } from './support.mjs';

const model = await loadFake();
after(() => model.close());

test('pieces, text and result agree', async () => {
  const generation = model.generate('one two three');
  const texts = [];
  for await (const { text, token } of generation) {
    texts.push(text);
    assert.equal(token, texts.length);
  }
  assert.deepEqual(texts, ['one ', 'two ', 'three']);
  assert.equal(await generation.text(), 'one two three');
  const result = await generation.result;
  assert.equal(result.finishReason, 'stop');
  assert.deepEqual(result.tokens, [1, 2, 3]);
  assert.deepEqual(result.usage, { promptTokens: 1, cachedTokens: 0, completionTokens: 3 });
});

test('text() and result need no reader', async () => {
  assert.equal(await model.generate('a b').text(), 'a b');
  assert.equal((await model.chat([{ role: 'user', content: 'c d' }]).result).text, 'c d');
  assert.equal(await model.generate([4, 5]).text(), '4 5');
});

test('a stream gives text, and no empty chunks', async () => {
  const chunks = [];
  for await (const chunk of model.generate(run({ pieces: ['x', '', 'y'] })).toReadableStream()) chunks.push(chunk);
  assert.deepEqual(chunks, ['x', 'y']);
});

test('a generation is read once', async () => {
  const generation = model.generate('a b');
  for await (const piece of generation) assert.ok(piece);
  assert.throws(() => generation[Symbol.asyncIterator](), sottoError('invalid_argument', 'once'));
  assert.throws(() => generation.toReadableStream(), sottoError('invalid_argument', 'once'));
});

test('steps asked for in advance come in order', async () => {
  const steps = model.generate(run({ pieces: ['1', '2', '3'], pieceMs: 20 }))[Symbol.asyncIterator]();
  const all = await Promise.all([steps.next(), steps.next(), steps.next(), steps.next(), steps.next()]);
  assert.deepEqual(
    all.map(({ value }) => value?.text),
    ['1', '2', '3', undefined, undefined],
  );
});

test('options reach the core in snake_case, and fields come back in camelCase', async () => {
  const options = {
    maxTokens: 3,
    topK: 1,
    minP: 0.5,
    seed: 7,
    logprobs: 1,
    stop: ['\n'],
    logitBias: [{ token: 1, bias: -Infinity }],
    timeout: 60_000,
  };
  const generation = model.generate(run({ echo: true }), options);
  const pieces = [];
  for await (const piece of generation) pieces.push(piece);
  const sent = JSON.parse(await generation.text());
  delete sent.prompt;
  assert.deepEqual(sent, {
    max_tokens: 3,
    top_k: 1,
    min_p: 0.5,
    seed: 7,
    logprobs: 1,
    stop: ['\n'],
    logit_bias: [{ token: 1, bias: null }],
    timeout_ms: 60_000,
  });
  assert.deepEqual(pieces[0].topLogprobs, [{ token: 7, logprob: -1 }]);
  assert.equal((await generation.result).seed, 7);
});

test('half of a surrogate pair becomes U+FFFD', async () => {
  assert.equal(await model.generate('a\ud800 \udc00b').text(), 'a\ufffd \ufffdb');
  assert.deepEqual(await model.tokenize('\ud800', { addSpecial: false }), [0xef, 0xbf, 0xbd]);
});

test('fast tokens share messages', async (t) => {
  const { emit } = Worker.prototype;
  let messages = 0;
  t.mock.method(Worker.prototype, 'emit', function (name, message) {
    if (name === 'message' && message.kind === 'pieces') ++messages;
    return emit.apply(this, arguments);
  });
  const pieces = Array.from({ length: 400 }, (_, i) => `${i} `);
  assert.equal(await model.generate(run({ pieces })).text(), pieces.join(''));
  assert.ok(messages > 0 && messages < 40, `${messages} messages for 400 pieces`);
});

test('progress of the prompt is told before the first piece', async () => {
  const seen = [];
  const generation = model
    .generate(run({ pieces: ['a', 'b', 'c'], pieceMs: 20, prefill: 1024, prefillMs: 120 }))
    .onPrefill((progress) => seen.push(progress));
  await generation.result;
  assert.ok(seen.length >= 3, `${seen.length} messages`);
  assert.deepEqual(seen.at(-1), { done: 1024, total: 1024 });
  for (let i = 1; i < seen.length; ++i) assert.ok(seen[i].done > seen[i - 1].done);
});

test('an error while decoding comes after the pieces before it', async () => {
  const generation = model.generate(
    run({ pieces: ['a', 'b'], error: { code: 'numeric_fault', message: 'not finite', where: 'blk.1' } }),
  );
  const texts = [];
  await assert.rejects(
    async () => {
      for await (const { text } of generation) texts.push(text);
    },
    sottoError('numeric_fault', 'blk.1'),
  );
  assert.deepEqual(texts, ['a', 'b']);
  await assert.rejects(generation.text(), sottoError('numeric_fault'));
  await assert.rejects(generation.result, sottoError('numeric_fault'));
  assert.equal(await model.generate('still fine').text(), 'still fine');
});

test('an error of the core names the option as it was written', async () => {
  await assert.rejects(model.generate(run({ refuse: true })).result, sottoError('context_overflow', 'maxTokens is too much'));
});

test('a generation nobody looks at disturbs nobody', async () => {
  let unhandled = 0;
  const count = () => ++unhandled;
  process.on('unhandledRejection', count);
  model.generate(run({ pieces: [], error: { code: 'numeric_fault', message: 'x' } }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  model.generate(5);
  model.generate('a b').cancel();
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.off('unhandledRejection', count);
  assert.equal(unhandled, 0);
});
