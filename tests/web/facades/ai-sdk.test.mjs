import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortedAfter, collect, fakeModel, gate, SottoError, sottoError } from './fake-model.mjs';
import { importSources } from './sources.mjs';

// The real `ai` package runs in peers.test.mjs; here its contract is spelled out.
const { sotto } = await importSources('ai-sdk.ts');
const part = (text) => ({ type: 'text', text });
const prompt = [{ role: 'system', content: 'Be short.' }, { role: 'user', content: [part('Say'), part(' hello')] }];
const usage = {
  inputTokens: { total: 9, noCache: 9, cacheRead: 0, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
};
const timings = { tokenizeMs: 1, prefillMs: 2, firstTokenMs: 3, decodeMs: 4, prefillTps: 5, decodeTps: 6 };

test('says who it is', () => {
  const { specificationVersion, provider, modelId, supportedUrls } = sotto(fakeModel());
  assert.deepEqual({ specificationVersion, provider, modelId, supportedUrls },
    { specificationVersion: 'v4', provider: 'sotto', modelId: 'Fake 1B', supportedUrls: {} });
  assert.equal(sotto(fakeModel(), { modelId: 'mine' }).modelId, 'mine');
});

test('doGenerate: text, reason, usage', async () => {
  const model = fakeModel();
  const { response, ...result } = await sotto(model).doGenerate({ prompt });
  assert.ok(response.timestamp instanceof Date);
  assert.deepEqual(result, {
    content: [{ type: 'text', text: 'Hello world' }], warnings: [], usage, finishReason: { unified: 'stop', raw: 'stop' },
    providerMetadata: { sotto: { seed: 7, timings } },
  });
  assert.deepEqual(model.requests[0].messages.map(({ role, content }) => [role, content]),
    [['system', 'Be short.'], ['user', 'Say hello']]);
  assert.deepEqual(model.requests[0].options, {});
  const { finishReason } = await sotto(model).doGenerate({ prompt, maxOutputTokens: 1 });
  assert.deepEqual(finishReason, { unified: 'length', raw: 'length' });
});

test('a call wins over providerOptions, these over settings', async () => {
  const model = fakeModel();
  await sotto(model, { modelId: 'mine', temperature: 0.1, topK: 3, minP: 0.2, seed: 1 }).doGenerate({
    prompt, temperature: 0.5, topP: 0.8, stopSequences: ['x'], presencePenalty: 1, frequencyPenalty: 2, maxOutputTokens: 4,
    topK: undefined, providerOptions: { sotto: { temperature: 9, seed: 2 }, other: { seed: 3 } },
  });
  assert.deepEqual(model.requests[0].options, {
    temperature: 0.5, topK: 3, minP: 0.2, seed: 2, topP: 0.8, stop: ['x'], presencePenalty: 1, frequencyPenalty: 2, maxTokens: 4,
  });
});

test('cached tokens are told apart', async () => {
  const model = sotto(fakeModel());
  await model.doGenerate({ prompt });
  const longer = [...prompt, { role: 'assistant', content: [part('Hello world')] }, prompt[1]];
  const { usage: { inputTokens } } = await model.doGenerate({ prompt: longer });
  assert.deepEqual(inputTokens, { total: 17, noCache: 6, cacheRead: 11, cacheWrite: undefined });
});

test('doStream: parts in order, as they come', async () => {
  const second = gate();
  const { stream } = await sotto(fakeModel(['Hello', '', second, ' world'])).doStream({ prompt });
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
    if (part.delta === 'Hello') second.open(); // ' world' was not there yet
  }
  const [start, metadata, ...rest] = parts;
  assert.deepEqual(start, { type: 'stream-start', warnings: [] });
  assert.equal(metadata.type, 'response-metadata');
  assert.equal(metadata.modelId, 'Fake 1B');
  assert.deepEqual(rest, [
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Hello' },
    { type: 'text-delta', id: '0', delta: ' world' },
    { type: 'text-end', id: '0' },
    {
      type: 'finish', finishReason: { unified: 'stop', raw: 'stop' },
      usage: { ...usage, outputTokens: { total: 3, text: 3, reasoning: undefined } },
      providerMetadata: { sotto: { seed: 7, timings } },
    },
  ]);
});

test('raw chunks are the pieces', async () => {
  const { stream } = await sotto(fakeModel()).doStream({ prompt, includeRawChunks: true });
  const raw = (await collect(stream)).filter(({ type }) => type === 'raw');
  assert.deepEqual(raw.map(({ rawValue }) => rawValue.text), ['Hello', ' world']);
});

test('what is not supported is a warning', async () => {
  const call = {
    prompt, tools: [{ type: 'function', name: 'f', inputSchema: {} }], toolChoice: { type: 'required' },
    responseFormat: { type: 'json' }, reasoning: 'high',
  };
  const expected = ['tools', 'toolChoice', 'responseFormat', 'reasoning'].map((feature) => ({ type: 'unsupported', feature }));
  assert.deepEqual((await sotto(fakeModel()).doGenerate(call)).warnings, expected);
  const { stream } = await sotto(fakeModel()).doStream(call);
  assert.deepEqual((await collect(stream))[0].warnings, expected);
  const harmless = {
    prompt, tools: [], toolChoice: { type: 'auto' }, responseFormat: { type: 'text' }, reasoning: 'provider-default',
  };
  assert.deepEqual((await sotto(fakeModel()).doGenerate(harmless)).warnings, []);
});

test('parts that are no text are an error that names them', async () => {
  const model = sotto(fakeModel());
  const file = [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'file', mediaType: 'image/png', data: {} }] }];
  await assert.rejects(async () => model.doGenerate({ prompt: file }), sottoError('unsupported', 'prompt[0].content[1]'));
  const tool = [{ role: 'tool', content: [{ type: 'tool-result', toolCallId: '1', toolName: 'f', output: {} }] }];
  await assert.rejects(async () => model.doStream({ prompt: tool }), sottoError('unsupported', 'prompt[0].content[0]'));
});

test('an abort in the middle has the reason of the signal', { timeout: 5000 }, async () => {
  const model = fakeModel(['Hello', gate()]);
  await assert.rejects(sotto(model).doGenerate({ prompt, abortSignal: abortedAfter(5) }), { name: 'AbortError' });
  const { stream } = await sotto(model).doStream({ prompt, abortSignal: abortedAfter(5) });
  const parts = [];
  await assert.rejects(async () => {
    for await (const part of stream) parts.push(part);
  }, { name: 'AbortError' });
  assert.equal(parts.at(-1).delta, 'Hello');
});

test('cancelling the stream ends the generation, also while it waits', async () => {
  const model = fakeModel(['Hello', gate()]);
  const reader = (await sotto(model).doStream({ prompt })).stream.getReader();
  while ((await reader.read()).value.type !== 'text-delta');
  const waiting = reader.read();
  await reader.cancel();
  assert.equal((await waiting).done, true);
  assert.equal((await model.requests[0].generation.result).finishReason, 'cancelled');
});

test('errors: doGenerate rejects, a stream has an error part as its last', async () => {
  const failing = ['Hello', new SottoError('worker_lost', 'gone')];
  await assert.rejects(sotto(fakeModel(failing)).doGenerate({ prompt }), sottoError('worker_lost'));
  const { stream } = await sotto(fakeModel(failing)).doStream({ prompt });
  const parts = await collect(stream);
  const [text, last] = parts.slice(-2);
  assert.deepEqual([text.delta, last.type, last.error.code], ['Hello', 'error', 'worker_lost']);
});
