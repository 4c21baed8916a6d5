import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortedAfter, collect, fakeModel, gate, SottoError, sottoError, tokenId } from './fake-model.mjs';
import { importSources } from './sources.mjs';

const { OpenAI, createOpenAI } = await importSources('openai.ts');
const messages = [{ role: 'user', content: 'Say hello' }];
const text = (chunks) => chunks.map(({ choices: [choice] }) => choice?.delta?.content ?? choice?.text ?? '').join('');

test('a whole answer has the shape, the text and the usage', async () => {
  const before = Math.floor(Date.now() / 1000);
  const answer = await new OpenAI(fakeModel()).chat.completions.create({ model: 'any', messages });
  const { id, created, ...rest } = answer;
  assert.match(id, /^chatcmpl-[0-9a-f]{24}$/);
  assert.ok(created >= before && created <= Date.now() / 1000);
  assert.deepEqual(rest, {
    object: 'chat.completion',
    model: 'Fake 1B',
    choices: [{
      index: 0, message: { role: 'assistant', content: 'Hello world', refusal: null }, finish_reason: 'stop', logprobs: null,
    }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, prompt_tokens_details: { cached_tokens: 0 } },
  });
});

test('a second answer tells cached tokens and has another id', async () => {
  const client = createOpenAI(fakeModel());
  const first = await client.chat.completions.create({ messages });
  const second = await client.chat.completions.create({ messages: [...messages, first.choices[0].message, ...messages] });
  assert.ok(second.usage.prompt_tokens_details.cached_tokens > 0);
  assert.notEqual(second.id, first.id);
});

test('a stream brings the role, the pieces in order as they come, the reason, the usage', async () => {
  const second = gate();
  const stream = await new OpenAI(fakeModel(['one', '', second, ' two', ' three'])).chat.completions.create(
    { messages, stream: true, stream_options: { include_usage: true } });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunk.choices[0]?.delta.content === 'one') second.open(); // ' two' was not there yet
  }
  assert.deepEqual(chunks.map(({ choices: [choice] }) => choice?.delta),
    [{ role: 'assistant', content: '' }, { content: 'one' }, { content: ' two' }, { content: ' three' }, {}, undefined]);
  assert.deepEqual(chunks.map(({ choices: [choice] }) => choice?.finish_reason), [null, null, null, null, 'stop', undefined]);
  assert.deepEqual(chunks.map(({ usage }) => usage?.total_tokens), [undefined, undefined, undefined, undefined, undefined, 9]);
  assert.ok(chunks.slice(0, 5).every(({ usage }) => usage === null));
  assert.equal(new Set(chunks.map(({ id, created, object, model }) => [id, created, object, model].join())).size, 1);
  assert.equal(chunks[0].object, 'chat.completion.chunk');
});

test('without include_usage no chunk speaks of it', async () => {
  const chunks = await collect(await new OpenAI(fakeModel()).chat.completions.create({ messages, stream: true }));
  assert.ok(chunks.every((chunk) => !('usage' in chunk) && chunk.choices.length === 1));
});

test('max_tokens ends with length', async () => {
  for (const limit of [{ max_tokens: 1 }, { max_completion_tokens: 1 }]) {
    const { choices: [choice] } = await new OpenAI(fakeModel()).chat.completions.create({ messages, ...limit });
    assert.deepEqual([choice.message.content, choice.finish_reason], ['Hello', 'length']);
  }
});

test('parameters arrive under their names here, defaults are those of OpenAI', async () => {
  const model = fakeModel();
  const client = new OpenAI(model);
  await client.chat.completions.create({ messages, temperature: null, seed: undefined });
  await client.chat.completions.create({
    messages, temperature: 0.5, top_p: 0.9, stop: ['a', 'b'], seed: 3, max_tokens: 9, frequency_penalty: 0.1,
    presence_penalty: 0.2, logit_bias: { 12: -100 }, logprobs: true, top_logprobs: 2,
    n: 1, response_format: { type: 'text' }, user: 'me', tools: [],
  }, { timeout: 1000 });
  const [defaults, given] = model.requests.map(({ options: { signal, ...options } }) => {
    assert.ok(signal instanceof AbortSignal);
    return options;
  });
  assert.deepEqual(defaults, { temperature: 1, topP: 1, topK: 0, maxTokens: 2048 });
  assert.deepEqual(given, {
    temperature: 0.5, topP: 0.9, topK: 0, stop: ['a', 'b'], seed: 3, maxTokens: 9, frequencyPenalty: 0.1, presencePenalty: 0.2,
    logitBias: [{ token: 12, bias: -100 }], logprobs: 2, timeout: 1000,
  });
});

test('messages: parts are joined, developer is system, an answer can be handed back as it came', async () => {
  const model = fakeModel();
  await new OpenAI(model).chat.completions.create({ messages: [
    { role: 'developer', content: 'Be short.' },
    { role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] },
    { role: 'assistant', content: null, refusal: null, tool_calls: [], annotations: [] },
    { role: 'user', content: 'c' },
  ] });
  assert.deepEqual(model.requests[0].messages, [
    { role: 'system', content: 'Be short.' }, { role: 'user', content: 'ab' }, { role: 'assistant', content: '' },
    { role: 'user', content: 'c' },
  ]);
});

test('what cannot be had is named', async () => {
  const { chat, completions } = new OpenAI(fakeModel());
  const image = [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'image_url', image_url: { url: 'x' } }] }];
  const cases = [
    [{ tools: [{ type: 'function' }] }, 'unsupported', 'tools'],
    [{ n: 2 }, 'unsupported', 'n'],
    [{ response_format: { type: 'json_object' }, audio: {} }, 'unsupported', 'response_format, audio'],
    [{ modalities: ['text', 'audio'] }, 'unsupported', 'modalities'],
    [{ reasoning_effort: 'low' }, 'unsupported', 'reasoning_effort'],
    [{ temprature: 1, toString: 1 }, 'invalid_argument', 'temprature, toString'],
    [{ max_tokens: 1, max_completion_tokens: 2 }, 'invalid_argument', 'max_completion_tokens'],
    [{ top_logprobs: 2 }, 'invalid_argument', 'top_logprobs'],
    [{ stream_options: { include_usage: true } }, 'invalid_argument', 'stream_options'],
    [{ stream: true, stream_options: { include_obfuscation: true } }, 'unsupported', 'stream_options.include_obfuscation'],
    [{ n: 2n, response_format: 'text' }, 'unsupported', 'n, response_format'],
    [{ messages: 'hello' }, 'invalid_argument', 'messages'],
    [{ messages: [null] }, 'invalid_argument', 'messages[0]'],
    [{ messages: [{ role: 'user' }] }, 'invalid_argument', 'messages[0].content'],
    [{ messages: [{ role: 'robot', content: 'a' }] }, 'invalid_argument', 'messages[0].role'],
    [{ messages: [{ role: 'tool', content: 'a', tool_call_id: null }] }, 'unsupported', 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 'a', name: 'Ann' }] }, 'unsupported', 'messages[0].name'],
    [{ messages: image }, 'unsupported', 'messages[0].content[1]'],
  ];
  for (const [change, code, where] of cases)
    await assert.rejects(chat.completions.create({ messages, ...change }), sottoError(code, where), where);
  await assert.rejects(chat.completions.create({ messages }, { maxRetries: 2 }), sottoError('invalid_argument', 'maxRetries'));
  await assert.rejects(completions.create({ prompt: 'a', suffix: 'b' }), sottoError('unsupported', 'suffix'));
  await assert.rejects(completions.create({ prompt: 'a', messages }), sottoError('invalid_argument', 'messages'));
  await assert.rejects(completions.create({ prompt: ['a', 'b'] }), sottoError('unsupported', 'prompt'));
  await assert.rejects(chat.completions.create(), sottoError('invalid_argument', 'params'));
  await assert.rejects(completions.create({}), sottoError('invalid_argument', 'prompt'));
});

test('controller.abort() in the middle ends the loop quietly and the generation', { timeout: 5000 }, async () => {
  const model = fakeModel(['one', gate(), ' two']);
  const stream = await new OpenAI(model).chat.completions.create({ messages, stream: true });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (text(chunks) === 'one') setTimeout(() => stream.controller.abort(), 1);
  }
  assert.equal(text(chunks), 'one');
  assert.ok(chunks.every(({ choices: [choice] }) => choice.finish_reason === null));
  assert.equal((await model.requests[0].generation.result).finishReason, 'cancelled');
});

test('a signal ends a stream quietly, and rejects a whole answer', { timeout: 5000 }, async () => {
  const client = new OpenAI(fakeModel(['one', gate()]));
  const stopped = abortedAfter(20);
  assert.equal(text(await collect(await client.chat.completions.create({ messages, stream: true }, { signal: stopped }))), 'one');
  await assert.rejects(client.chat.completions.create({ messages }, { signal: abortedAfter(20) }), sottoError('cancelled'));
  await assert.rejects(client.chat.completions.create({ messages, stream: true }, { signal: stopped }), sottoError('cancelled'));
});

test('leaving the loop cancels', async () => {
  const model = fakeModel(['one', gate()]);
  for await (const chunk of await new OpenAI(model).chat.completions.create({ messages, stream: true }))
    if (chunk.choices[0].delta.content === 'one') break;
  assert.equal((await model.requests[0].generation.result).finishReason, 'cancelled');
});

test('errors come through as they are: in the middle, and for a timeout', { timeout: 5000 }, async () => {
  const client = new OpenAI(fakeModel(['one', new SottoError('worker_lost', 'gone')]));
  await assert.rejects(client.chat.completions.create({ messages }), sottoError('worker_lost'));
  const chunks = [];
  await assert.rejects(async () => {
    for await (const chunk of await client.chat.completions.create({ messages, stream: true })) chunks.push(chunk);
  }, sottoError('worker_lost'));
  assert.equal(text(chunks), 'one');
  const slow = new OpenAI(fakeModel(['one', gate()])).chat.completions;
  await assert.rejects(slow.create({ messages }, { timeout: 5 }), sottoError('deadline_exceeded'));
  await assert.rejects(collect(await slow.create({ messages, stream: true }, { timeout: 5 })), sottoError('deadline_exceeded'));
});

test('a stream is read once', async () => {
  const stream = await new OpenAI(fakeModel()).chat.completions.create({ messages, stream: true });
  await collect(stream);
  await assert.rejects(collect(stream), sottoError('concurrent_use'));
});

test('toReadableStream() gives a line for each chunk, and cancels', async () => {
  const client = new OpenAI(fakeModel());
  const whole = await new Response((await client.chat.completions.create({ messages, stream: true })).toReadableStream()).text();
  const chunks = whole.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(text(chunks), 'Hello world');

  const model = fakeModel(['one', gate()]);
  const reader = (await new OpenAI(model).chat.completions.create({ messages, stream: true })).toReadableStream().getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await model.requests[0].generation.result).finishReason, 'cancelled');
});

test('log probabilities name tokens, with the blank they begin with', async () => {
  const [a, b] = [tokenId('Hé'), tokenId('you')];
  const script = [
    { text: 'Hé', token: a, logprob: -0.1, topLogprobs: [{ token: a, logprob: -0.1 }, { token: b, logprob: -2 }] },
    { text: ' you', token: b, logprob: -0.5, topLogprobs: [{ token: b, logprob: -0.5 }] },
    { text: '!' },
  ];
  const content = [
    { token: ' Hé', bytes: [32, 72, 195, 169], logprob: -0.1, top_logprobs: [
      { token: ' Hé', bytes: [32, 72, 195, 169], logprob: -0.1 }, { token: ' you', bytes: [32, 121, 111, 117], logprob: -2 }] },
    { token: ' you', bytes: [32, 121, 111, 117], logprob: -0.5, top_logprobs: [
      { token: ' you', bytes: [32, 121, 111, 117], logprob: -0.5 }] },
  ];
  const { chat, completions } = new OpenAI(fakeModel(script));
  const wanted = { messages, logprobs: true, top_logprobs: 2 };
  const { choices: [whole] } = await chat.completions.create(wanted);
  assert.deepEqual([whole.message.content, whole.logprobs], ['Hé you!', { content, refusal: null }]);
  const chunks = await collect(await chat.completions.create({ ...wanted, stream: true }));
  assert.deepEqual(chunks.flatMap(({ choices: [{ logprobs }] }) => logprobs?.content ?? []), content);
  const { choices: [plain] } = await completions.create({ prompt: 'a', logprobs: 2 });
  assert.deepEqual(plain.logprobs, {
    tokens: [' Hé', ' you'], token_logprobs: [-0.1, -0.5], top_logprobs: [{ ' Hé': -0.1, ' you': -2 }, { ' you': -0.5 }],
    text_offset: [0, 3],
  });
});

test('completions: a text or ids, no template, 16 tokens', async () => {
  const model = fakeModel();
  const { completions } = new OpenAI(model);
  const { id, created, ...answer } = await completions.create({ prompt: 'Once upon', echo: false });
  assert.match(id, /^cmpl-/);
  assert.equal(typeof created, 'number');
  assert.deepEqual(answer, {
    object: 'text_completion', model: 'Fake 1B',
    choices: [{ index: 0, text: 'Hello world', finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4, prompt_tokens_details: { cached_tokens: 0 } },
  });
  const streaming = { stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(await completions.create({ prompt: [[1, 2]], ...streaming }));
  assert.equal(text(chunks), 'Hello world');
  assert.deepEqual([chunks.at(-2).choices[0].finish_reason, chunks.at(-1).usage.prompt_tokens], ['stop', 2]);
  for (const prompt of [['x'], [3, 4], null]) await completions.create({ prompt });
  assert.deepEqual(model.requests.map(({ prompt }) => prompt), ['Once upon', [1, 2], 'x', [3, 4], '']);
  assert.equal(model.requests[0].options.maxTokens, 16);
});
