// Every option and argument with wrong types, NaN, BigInt, out of range, and unknown names: invalid_argument, naming the field.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { baseUrl, loadFake, modelBytes, run, sotto, sottoError } from './support.mjs';

const model = await loadFake();
const session = await model.newSession();
after(() => model.close());

const notNumber = ['1', NaN, 1n, null, true, {}, [], Symbol('s'), () => 1];
const notText = [1, NaN, 1n, null, true, {}, []];
const notFlag = [1, 'true', 1n, null, {}, NaN];
const whole = (min, max) => [...notNumber, min - 1, max + 1, min + 0.5, Infinity, -Infinity];
const real = (min, max) => [...notNumber, min - 1e-6, max + 1, Infinity, -Infinity];
const maxCount = 2 ** 31 - 1;

const control = { signal: [1, 'x', null, {}, true, 1n, [], new AbortController()], timeout: real(0, maxCount) };
const source = {
  token: notText,
  hubUrl: [...notText, '', 'example.com', 'ftp://example.com'],
  storage: [...notText, 'opfs', ''],
  sha256: [...notText, '', 'ab', 'g'.repeat(64)],
};
const generation = {
  ...control,
  maxTokens: whole(0, maxCount),
  temperature: real(0, 100),
  topK: whole(0, maxCount),
  topP: real(0, 1),
  minP: real(0, 1),
  repeatPenalty: [...notNumber, 0, 0.001, 101],
  frequencyPenalty: real(-100, 100),
  presencePenalty: real(-100, 100),
  penaltyWindow: whole(-1, maxCount),
  seed: [...whole(0, 2 ** 53 - 1), 2 ** 53],
  logprobs: whole(0, 100),
  logitBias: [
    1,
    'x',
    null,
    {},
    [1],
    [{}],
    [{ token: 1 }],
    [{ token: -1, bias: 0 }],
    [{ token: 1, bias: NaN }],
    [{ token: 1, bias: Infinity }],
    [{ token: 1, bias: 1n }],
    [{ token: 1.5, bias: 0 }],
    [{ token: 1, bias: 0, more: 1 }],
    Array(65537).fill({ token: 1, bias: 0 }),
  ],
  stop: [1, 1n, null, {}, '', ['a', ''], ['a', 5], 'x'.repeat(4097), Array(65).fill('x')],
  ignoreEos: notFlag,
  parseSpecial: notFlag,
};
const sessionOptions = {
  context: whole(0, 2 ** 24),
  cache: [...notText, 'f64', ''],
  prefillChunk: whole(1, 4096),
};
const load = {
  ...control,
  ...source,
  ...sessionOptions,
  threads: whole(0, 64),
  variant: [...notText, 'fast'],
  memoryLimitBytes: whole(0, 2 ** 53 - 1),
  trace: notFlag,
  quantize: notText,
  activations: [...notText, 'f16'],
  screenHead: notFlag,
  guessPreTokenizer: notFlag,
  tokenizerRequired: notFlag,
  warmUp: notFlag,
  onProgress: [1, 'x', {}, null],
  baseUrl: [1, null, {}, '', 1n],
};

const calls = {
  load: { table: load, call: (options) => sotto.load(modelBytes(), options) },
  plan: { table: load, call: (options) => sotto.plan(modelBytes(), options) },
  inspect: { table: { ...control, ...source, baseUrl: load.baseUrl }, call: (options) => sotto.inspect(modelBytes(), options) },
  'model.generate': { table: generation, call: (options) => model.generate('x', options).result },
  'model.chat': { table: generation, call: (options) => model.chat([], options).text() },
  'session.generate': { table: generation, call: (options) => session.generate('x', options).result },
  'session.chat': { table: generation, call: (options) => session.chat([], options).result },
  newSession: { table: { ...sessionOptions, ...control }, call: (options) => model.newSession(options) },
  tokenize: {
    table: { ...control, addSpecial: notFlag, parseSpecial: notFlag },
    call: (options) => model.tokenize('x', options),
  },
  decode: { table: { ...control, skipSpecial: notFlag }, call: (options) => model.decode([1], options) },
  applyTemplate: { table: { ...control, addGenerationPrompt: notFlag }, call: (options) => model.applyTemplate([], options) },
};

for (const [name, { table, call }] of Object.entries(calls)) {
  describe(name, () => {
    for (const [field, values] of Object.entries(table)) {
      test(`${field}: ${values.length} wrong values`, async () => {
        for (const value of values) {
          await assert.rejects(
            call({ [field]: value }),
            (error) => {
              assert.equal(error.where, field);
              return sottoError('invalid_argument', field)(error);
            },
            `${field}: ${String(value)}`,
          );
        }
      });
    }
    test('unknown names, and options that are none', async () => {
      for (const unknown of ['max_tokens', 'temprature', '__proto__x', 'constructor', 'toString'])
        await assert.rejects(call({ [unknown]: 1 }), sottoError('invalid_argument', unknown));
      for (const options of [null, 5, 'x', 5n, [], () => 1, true])
        await assert.rejects(call(options), sottoError('invalid_argument', 'options'));
    });
    test('undefined is not given', async () => {
      const fields = Object.fromEntries(Object.keys(table).map((field) => [field, undefined]));
      const answer = await call(['load', 'plan', 'inspect'].includes(name) ? { ...fields, baseUrl } : fields);
      if (name === 'load') await answer.close();
    });
  });
}

test('all faults are told at once', async () => {
  const options = { maxTokens: -1, topP: NaN, nonsense: 1, stop: ['', 3] };
  await assert.rejects(model.generate(5, options).result, (error) => {
    assert.equal(error.where, 'prompt, maxTokens, topP, nonsense, stop');
    assert.equal(
      error.message,
      'prompt is 5, wanted a string or a list of token ids; maxTokens is -1, wanted a whole number, 0 to 2147483647; ' +
        'topP is NaN, wanted 0 to 1; nonsense is unknown; stop[0] is empty; stop[1] is 3, wanted a string',
    );
    return true;
  });
});

test('arguments', async () => {
  const wrong = sottoError('invalid_argument');
  for (const prompt of [undefined, null, 1, 1n, {}, [1.5], [-1], ['a'], [2 ** 31], Symbol('s')]) {
    await assert.rejects(model.generate(prompt).result, wrong);
    await assert.rejects(session.generate(prompt).text(), wrong);
  }
  const conversations = [
    undefined,
    null,
    'hello',
    5,
    {},
    [null],
    ['x'],
    [{}],
    [{ role: 'user' }],
    [{ role: 1, content: 'x' }],
    [{ role: 'user', content: [] }],
    [{ role: 'user', content: 'x', name: 'y' }],
  ];
  for (const messages of conversations) {
    await assert.rejects(model.chat(messages).result, wrong);
    await assert.rejects(session.chat(messages).result, wrong);
    await assert.rejects(model.applyTemplate(messages), wrong);
  }
  for (const text of [undefined, null, 1, 1n, {}]) await assert.rejects(model.tokenize(text), wrong);
  for (const ids of [undefined, null, 1, 'x', [NaN], [1n], [-1]]) await assert.rejects(model.decode(ids), wrong);
  for (const n of [undefined, null, -1, 1.5, NaN, 1n, '1', Infinity]) await assert.rejects(session.rewind(n), wrong);
});

test('sources', async () => {
  for (const source of [undefined, null, 5, 5n, {}, [], [1], true, Symbol('s'), () => 1]) {
    await assert.rejects(sotto.load(source, { baseUrl }), sottoError('invalid_argument'));
    await assert.rejects(sotto.inspect(source, { baseUrl }), sottoError('invalid_argument'));
    await assert.rejects(sotto.plan(source, { baseUrl }), sottoError('invalid_argument'));
  }
});

test('what the core refuses comes back with the names of this side', async () => {
  await assert.rejects(loadFake({}, { quantize: 'q9_9' }), sottoError('invalid_argument', 'quantize is "q9_9"'));
  await assert.rejects(model.newSession({ context: 13 }), sottoError('out_of_memory', 'prefillChunk is too much'));
  await assert.rejects(session.rewind(1000), sottoError('invalid_argument', 'nTokens is 1000'));
  await assert.rejects(model.trace(), sottoError('unsupported', 'trace'));
});

test('errors are SottoErrors of any copy of the class, and nothing else is', async () => {
  const error = await model.generate(run({ refuse: true })).result.catch((caught) => caught);
  assert.ok(error instanceof sotto.SottoError);
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'SottoError');
  for (const other of [new Error('x'), null, undefined, 'x', {}]) assert.ok(!(other instanceof sotto.SottoError));
});
