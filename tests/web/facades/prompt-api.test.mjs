import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortedAfter, collect, fakeModel, fakeModelWithScripts, gate, SottoError } from './fake-model.mjs';
import { importSources } from './sources.mjs';

const { createLanguageModel } = await importSources('prompt-api.ts');
const dom = (name) => (error) => {
  assert.ok(error instanceof DOMException, String(error));
  assert.equal(error.name, name);
  return true;
};
const system = { role: 'system', content: 'Be short.' };
const user = (content) => ({ role: 'user', content });
const assistant = (content) => ({ role: 'assistant', content });
/** In tokens of the fake a message takes two more than its words, and `<assistant>` stands at the end of all. */
const small = { context: 32, maxTokens: 4 };

test('prompts go on from each other; defaults', async () => {
  const model = fakeModelWithScripts([['one'], ['two']]);
  const session = await createLanguageModel(model).create({ initialPrompts: [system] });
  assert.deepEqual([session.temperature, session.topK, session.samplingMode], [0.7, 40, 'balanced']);
  assert.equal(session.contextWindow, 1536); // three quarters of 2048
  assert.equal(session.contextUsage, 5);
  assert.equal(await session.prompt('a'), 'one');
  assert.equal(await session.prompt([user('b'), user('c')]), 'two');
  assert.deepEqual(model.requests.map(({ messages }) => messages), [
    [system],
    [system, user('a')],
    [system, user('a'), assistant('one'), user('b'), user('c')],
  ]);
  const [{ options: { maxTokens: prefillOnly } }, { options: { signal, ...options } }] = model.requests;
  assert.equal(prefillOnly, 0);
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(options, { topK: 40, temperature: 0.7, maxTokens: 512 });
  assert.equal(session.contextUsage, 4 + 3 + 3 + 3 + 3 + 1 + 1); // what is held: the conversation and the answer
  assert.deepEqual([session.inputUsage, session.inputQuota], [session.contextUsage, session.contextWindow]);
});

test('content: parts are joined, an empty prompt is an empty text', async () => {
  const model = fakeModel();
  const session = await createLanguageModel(model).create();
  await session.prompt([user([{ type: 'text', value: 'foo' }, { type: 'text', value: 'bar' }])]);
  await session.prompt([]);
  assert.deepEqual(model.requests[1].messages, [user('foobar'), assistant('Hello world'), user('')]);
});

test('promptStreaming gives pieces as they come', async () => {
  const second = gate();
  const session = await createLanguageModel(fakeModel(['one', '', second, ' two'])).create();
  const pieces = [];
  for await (const piece of session.promptStreaming('a')) {
    pieces.push(piece);
    second.open();
  }
  assert.deepEqual(pieces, ['one', ' two']);
});

test('an aborted prompt rejects with the reason, leaves no trace, and the session goes on', { timeout: 5000 }, async () => {
  const model = fakeModelWithScripts([['one', gate()], ['one', gate()], ['one', gate()], ['fine']]);
  const session = await createLanguageModel(model).create();
  await assert.rejects(session.prompt('a', { signal: abortedAfter(5) }), dom('AbortError'));
  const reason = new Error('mine');
  await assert.rejects(session.prompt('a', { signal: AbortSignal.abort(reason) }), reason);
  const pieces = [];
  await assert.rejects(async () => {
    for await (const piece of session.promptStreaming('b', { signal: abortedAfter(5) })) pieces.push(piece);
  }, dom('AbortError'));
  assert.deepEqual(pieces, ['one']);
  for await (const piece of session.promptStreaming('c', { signal: new AbortController().signal })) if (piece) break;
  assert.equal(await session.prompt('d'), 'fine');
  assert.deepEqual(model.requests.at(-1).messages, [user('d')]);
  assert.ok(model.requests.slice(0, 3).every(({ generation }) => generation.endedEarly === 'cancelled'));
});

test('prompts wait for their turn; one that waits can be aborted', { timeout: 5000 }, async () => {
  const first = gate();
  const model = fakeModelWithScripts([[first, 'one'], ['three']]);
  const session = await createLanguageModel(model).create();
  const answers = [session.prompt('a'), session.prompt('b', { signal: abortedAfter(5) }), session.prompt('c')];
  await assert.rejects(answers[1], dom('AbortError'));
  await assert.rejects(session.prompt('d', { signal: AbortSignal.abort() }), dom('AbortError'));
  first.open();
  assert.deepEqual(await Promise.all([answers[0], answers[2]]), ['one', 'three']);
  assert.deepEqual(model.requests.at(-1).messages, [user('a'), assistant('one'), user('c')]);
});

test('append computes messages without an answer', async () => {
  const model = fakeModel();
  const session = await createLanguageModel(model).create();
  assert.equal(await session.append([system, user('a')]), undefined);
  assert.equal(session.contextUsage, 8);
  assert.equal(model.requests[0].options.maxTokens, 0);
  await session.prompt('b');
  assert.deepEqual(model.requests[1].messages, [system, user('a'), user('b')]);
});

test('measureContextUsage tells what a prompt would add', async () => {
  const model = fakeModel();
  const session = await createLanguageModel(model).create();
  assert.equal(await session.measureContextUsage('a b c'), 6);
  await session.prompt('a');
  const before = session.contextUsage;
  const more = await session.measureContextUsage('a b c');
  await session.append('a b c');
  assert.equal(session.contextUsage, before + more);
  assert.equal(await session.measureInputUsage(''), await session.measureContextUsage(''));
  const silent = await createLanguageModel(fakeModel(Array(10).fill({ text: '', token: 0 }))).create();
  await silent.prompt('a'); // held are tokens that the text does not show
  assert.equal(await silent.measureContextUsage(''), 0);
  const plain = await createLanguageModel(fakeModel([], { hasChatTemplate: false })).create();
  assert.equal(await plain.measureContextUsage('a b c'), 3);
});

test('oldest turns are dropped on overflow, initial prompts never, and the event tells', async () => {
  const model = fakeModel(['ok']);
  const session = await createLanguageModel(model, small).create({ initialPrompts: [system] });
  const events = [];
  session.addEventListener('contextoverflow', ({ type }) => events.push(type));
  session.oncontextoverflow = function () {
    events.push(this === session);
  };
  session.onquotaoverflow = ({ type }) => events.push(type);
  for (const text of ['a', 'b', 'c']) await session.prompt(text);
  assert.deepEqual(events, []);
  await session.prompt('d e f g');
  assert.deepEqual(events, [true, 'contextoverflow', 'quotaoverflow']);
  assert.deepEqual(model.requests.at(-1).messages,
    [system, user('b'), assistant('ok'), user('c'), assistant('ok'), user('d e f g')]);
  assert.ok(session.contextUsage <= session.contextWindow);
  await session.prompt('x '.repeat(18));
  assert.deepEqual(model.requests.at(-1).messages, [system, user('x '.repeat(18))]);
});

test('what just fits drops nothing; initial prompts of any role stay', async () => {
  const model = fakeModel(['ok']);
  const session = await createLanguageModel(model, small).create({ initialPrompts: [user('x'), assistant('y')] });
  let overflows = 0;
  session.oncontextoverflow = () => overflows++;
  await session.prompt('a'); // 12 tokens are held, and one more that asks for an answer
  await session.prompt('b '.repeat(13)); // 28 of 28
  assert.equal(overflows, 0);
  await session.prompt('c c');
  assert.equal(overflows, 1);
  assert.deepEqual(model.requests.at(-1).messages, [user('x'), assistant('y'), user('c c')]);
});

test('aborted after an overflow, what was dropped stays away', { timeout: 5000 }, async () => {
  const model = fakeModelWithScripts([['ok'], [gate()], ['ok']]);
  const session = await createLanguageModel(model, small).create();
  await session.prompt('a');
  await assert.rejects(session.prompt('x '.repeat(24), { signal: abortedAfter(5) }), dom('AbortError'));
  assert.equal(session.contextUsage, 0);
  await session.prompt('b');
  assert.deepEqual(model.requests.at(-1).messages, [user('b')]);
});

test('what does not fit at all is a QuotaExceededError, and nothing is dropped', async () => {
  const model = fakeModel(['ok']);
  const languageModel = createLanguageModel(model, small);
  const session = await languageModel.create();
  session.oncontextoverflow = () => assert.fail('nothing was dropped');
  await session.prompt('a');
  const usage = session.contextUsage;
  await assert.rejects(session.prompt('x '.repeat(40)), (error) => {
    assert.deepEqual([error.name, error.requested, error.quota], ['QuotaExceededError', 43, 28]);
    return true;
  });
  assert.equal(session.contextUsage, usage);
  await session.prompt('b');
  assert.deepEqual(model.requests.at(-1).messages, [user('a'), assistant('ok'), user('b')]);
  await assert.rejects(languageModel.create({ initialPrompts: [user('x '.repeat(40))] }), dom('QuotaExceededError'));
  assert.ok(model.sessions.at(-1).closed);
});

test('clone goes on by itself, from the same point', async () => {
  const model = fakeModelWithScripts([['one'], ['two'], ['three']]);
  const session = await createLanguageModel(model).create({ temperature: 1, initialPrompts: [system] });
  await session.prompt('a');
  const copy = await session.clone();
  assert.deepEqual([copy.contextUsage, copy.temperature, copy.samplingMode], [session.contextUsage, 1, null]);
  await copy.prompt('b');
  await session.prompt('c');
  assert.deepEqual(model.requests[2].messages, [system, user('a'), assistant('one'), user('b')]);
  assert.deepEqual(model.requests[3].messages, [system, user('a'), assistant('one'), user('c')]);
  copy.destroy();
  assert.deepEqual(model.sessions.map(({ closed }) => closed), [false, true]);
});

test('destroy ends what runs and what waits, and what comes later', { timeout: 5000 }, async () => {
  const model = fakeModel(['one', gate()]);
  const session = await createLanguageModel(model).create();
  const running = session.prompt('a');
  const streaming = collect(session.promptStreaming('b'));
  session.destroy();
  session.destroy();
  const later = [session.prompt('c'), session.append('c'), session.clone(), session.measureInputUsage('c')];
  for (const promise of [running, streaming, ...later])
    await assert.rejects(promise, dom('InvalidStateError'));
  assert.ok(model.sessions[0].closed);
  assert.equal(typeof session.contextUsage, 'number');
});

test('the signal of create ends the session later', { timeout: 5000 }, async () => {
  const controller = new AbortController();
  const model = fakeModel(['one', gate()]);
  const session = await createLanguageModel(model).create({ signal: controller.signal });
  const running = session.prompt('a');
  controller.abort();
  await assert.rejects(running, dom('AbortError'));
  assert.ok(model.sessions[0].closed);
  await assert.rejects(createLanguageModel(model).create({ signal: controller.signal }), dom('AbortError'));
  assert.equal(model.sessions.length, 1);

  const late = new AbortController();
  const { newSession } = model;
  model.newSession = (options) => {
    late.abort();
    return newSession.call(model, options);
  };
  await assert.rejects(createLanguageModel(model).create({ signal: late.signal }), dom('AbortError'));
  await new Promise(setImmediate);
  assert.ok(model.sessions[1].closed);
});

test('what a model of text cannot do is a NotSupportedError, what makes no sense a TypeError', async () => {
  const languageModel = createLanguageModel(fakeModel());
  const session = await languageModel.create();
  const notSupported = [
    session.prompt('a', { responseConstraint: {} }),
    collect(session.promptStreaming('a', { responseConstraint: {} })),
    session.prompt([user([{ type: 'image', value: {} }])]),
    session.append([user([{ type: 'audio', value: {} }])]),
    session.prompt([user('a'), { ...assistant('b'), prefix: true }]),
    languageModel.create({ expectedInputs: [{ type: 'image' }] }),
    languageModel.create({ expectedOutputs: [{ type: 'text' }, { type: 'audio' }] }),
    languageModel.create({ tools: [{}] }),
  ];
  for (const promise of notSupported) await assert.rejects(promise, dom('NotSupportedError'));
  await session.prompt('a');
  const typeErrors = [
    session.prompt([system, user('a')]), // too late
    session.prompt([user('a'), system]),
    session.prompt([{ role: 'robot', content: 'a' }]),
    session.prompt([user([{ type: 'text', value: 3 }])]),
    session.prompt('a', { omitResponseConstraintInput: true }),
    languageModel.create({ samplingMode: 'wild' }),
    languageModel.create({ samplingMode: 'creative', topK: 3 }),
    languageModel.create({ initialPrompts: [user('a'), system] }),
  ];
  for (const promise of typeErrors) await assert.rejects(promise, { name: 'TypeError' });
  for (const numbers of [{ topK: 0 }, { topK: NaN }, { temperature: -1 }])
    await assert.rejects(languageModel.create(numbers), { name: 'RangeError' });
});

test('sampling: modes, numbers, limits', async () => {
  const languageModel = createLanguageModel(fakeModel());
  const read = async (options) => {
    const { temperature, topK, samplingMode } = await languageModel.create(options);
    return [temperature, topK, samplingMode];
  };
  assert.deepEqual(await languageModel.params(), { defaultTopK: 40, maxTopK: 128, defaultTemperature: 0.7, maxTemperature: 2 });
  assert.deepEqual(await read({ samplingMode: 'most-predictable' }), [0, 40, 'most-predictable']);
  assert.deepEqual(await read({ topK: 3.9 }), [0.7, 3, null]);
  assert.deepEqual(await read({ topK: Infinity, temperature: Infinity }), [2, 128, null]);
});

test('errors of the engine have the names of Chrome', async () => {
  const cases = {
    worker_lost: 'InvalidStateError', closed: 'InvalidStateError', context_overflow: 'QuotaExceededError',
    unsupported: 'NotSupportedError', numeric_fault: 'UnknownError',
  };
  for (const [code, name] of Object.entries(cases)) {
    const cause = new SottoError(code, 'a sentence');
    const session = await createLanguageModel(fakeModel(['one', cause])).create();
    await assert.rejects(session.prompt('a'), (error) => {
      assert.deepEqual([error.message, error.cause], ['a sentence', cause]);
      return dom(name)(error);
    });
    const pieces = [];
    await assert.rejects(async () => {
      for await (const piece of session.promptStreaming('a')) pieces.push(piece);
    }, dom(name));
    assert.deepEqual(pieces, ['one']);
  }
});

test('a model that is loaded on demand: availability, progress, one load for all', async () => {
  const loaded = gate();
  let loads = 0;
  const progress = { phase: 'download', file: 'a', total: 8, bytesPerSecond: 1, fromStore: false };
  const languageModel = createLanguageModel(async (onProgress) => {
    loads++;
    onProgress({ ...progress, loaded: 2 });
    await loaded;
    onProgress({ ...progress, loaded: 6 });
    onProgress({ ...progress, loaded: 4 }); // an older one
    onProgress({ ...progress, loaded: 8 });
    assert.equal(seen.at(-1), 0.75); // 1 means that the model is there
    return fakeModel();
  });
  assert.equal(await languageModel.availability(), 'downloadable');
  assert.equal(await languageModel.availability({ expectedInputs: [{ type: 'image' }] }), 'unavailable');
  const seen = [];
  const first = languageModel.create({ monitor: (monitor) => monitor.addEventListener('downloadprogress', ({ loaded, total }) => {
    seen.push(loaded);
    assert.equal(total, 1);
  }) });
  const handled = [];
  const second = languageModel.create({ monitor(monitor) {
    monitor.ondownloadprogress = ({ loaded }) => handled.push(loaded);
  } });
  const impatient = languageModel.create({ signal: abortedAfter(1) });
  assert.equal(await languageModel.availability(), 'downloading');
  await assert.rejects(impatient, dom('AbortError'));
  loaded.open();
  assert.equal(await (await first).prompt('a'), 'Hello world');
  await second;
  assert.equal(await languageModel.availability(), 'available');
  assert.deepEqual([loads, seen, handled], [1, [0, 0.25, 0.75, 1], [0, 0.75, 1]]);
});

test('a load that fails is a NetworkError, and the next one begins anew', async () => {
  let loads = 0;
  const languageModel = createLanguageModel(async () => {
    if (++loads === 1) throw new SottoError('io_error', 'no network');
    return fakeModel();
  });
  await assert.rejects(languageModel.create(), dom('NetworkError'));
  assert.equal(await languageModel.availability(), 'downloadable');
  await languageModel.create();
  assert.equal(await languageModel.availability({ expectedInputs: [{ type: 'text', languages: ['en'] }] }), 'available');
});
