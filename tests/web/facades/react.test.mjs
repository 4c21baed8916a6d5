import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeModel, fakeModelWithScripts, gate, SottoError, sottoError } from './fake-model.mjs';
import { importSources } from './sources.mjs';

// What the hooks do, without React; the hooks themselves run in peers.test.mjs.
const { Chat, ModelLoading } = await importSources('react/chat.ts', 'react/model-loading.ts');
const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const told = ({ messages }) => messages.map(({ role, content }) => `${role}: ${content}`);

/** All states in the order they were told. */
function record(store) {
  const states = [];
  store.subscribe(() => states.push(store.getState()));
  return states;
}
function chatWith(model, messages) {
  const chat = new Chat(messages);
  chat.model = model;
  return chat;
}

test('send: submitted, streaming while pieces come, ready with the result', async () => {
  const rest = gate();
  const model = fakeModel(['Hel', 'lo', rest, '!']);
  const chat = chatWith(model);
  chat.options = { system: 'Be short.', maxTokens: 9 };
  const states = record(chat);
  const sent = chat.send('Hi');
  assert.deepEqual([chat.getState().status, told(chat.getState())], ['submitted', ['user: Hi']]);
  while (chat.getState().status !== 'streaming') await later(5);
  assert.deepEqual(told(chat.getState()), ['user: Hi', 'assistant: Hello']);
  rest.open();
  await sent;
  const { status, messages: [question, answer], error } = chat.getState();
  assert.deepEqual([status, error, answer.content, answer.result.finishReason], ['ready', undefined, 'Hello!', 'stop']);
  assert.notEqual(question.id, answer.id);
  const changes = states.map(({ status }) => status).filter((each, i, all) => each !== all[i - 1]);
  assert.deepEqual(changes, ['submitted', 'streaming', 'ready']);
  assert.ok(states.some(({ prefill }) => prefill?.total === 1));
  assert.ok(states.every((state, i) => state !== states[i - 1]), 'React compares states by identity');
  assert.deepEqual(model.requests[0].messages, [{ role: 'system', content: 'Be short.' }, { role: 'user', content: 'Hi' }]);
  assert.deepEqual(model.requests[0].options, { maxTokens: 9 });
});

test('fast pieces are told together', async () => {
  const chat = chatWith(fakeModel(Array.from({ length: 200 }, (_, i) => ` ${i}`)));
  const states = record(chat);
  await chat.send('Count');
  assert.ok(states.length < 10, `${states.length} states`);
  assert.equal(chat.getState().messages[1].result.tokens.length, 200);
  await later(40);
  assert.equal(chat.getState().status, 'ready'); // nothing comes after the end
});

test('stop keeps the text so far and is no error', async () => {
  const chat = chatWith(fakeModel(['Hello', gate()]));
  const sent = chat.send('Hi');
  while (chat.getState().status !== 'streaming') await later(5);
  chat.stop();
  await sent;
  const { status, error, messages } = chat.getState();
  assert.deepEqual([status, error], ['ready', undefined]);
  assert.deepEqual([messages[1].content, messages[1].result.finishReason], ['Hello', 'cancelled']);
});

test('stopped before any text, there is no answer', async () => {
  const chat = chatWith(fakeModel([gate()]));
  const sent = chat.send('Hi');
  await later(20);
  assert.equal(chat.getState().status, 'submitted');
  chat.stop();
  await sent;
  assert.deepEqual([chat.getState().status, told(chat.getState())], ['ready', ['user: Hi']]);
});

test('an error in the middle is told, the text stays, and retry answers again', async () => {
  const model = fakeModelWithScripts([['Hel', new SottoError('numeric_fault', 'nan')], ['Hello']]);
  const chat = chatWith(model);
  await chat.send('Hi');
  assert.deepEqual([chat.getState().status, chat.getState().error.code], ['error', 'numeric_fault']);
  assert.deepEqual(told(chat.getState()), ['user: Hi', 'assistant: Hel']);
  const again = chat.retry();
  assert.deepEqual([chat.getState().status, chat.getState().error], ['submitted', undefined]);
  await again;
  assert.deepEqual([chat.getState().status, chat.getState().error], ['ready', undefined]);
  assert.deepEqual(told(chat.getState()), ['user: Hi', 'assistant: Hello']);
  assert.deepEqual(model.requests[1].messages, [{ role: 'user', content: 'Hi' }]);
});

test('a timeout is an error that keeps the text', async () => {
  const chat = chatWith(fakeModel(['Hel', gate()]));
  chat.options = { timeout: 10 };
  await chat.send('Hi');
  assert.equal(chat.getState().error.code, 'deadline_exceeded');
  assert.equal(chat.getState().messages[1].result.finishReason, 'deadline');
});

test('edit replaces a question and all after it', async () => {
  const model = fakeModel(['ok']);
  const chat = chatWith(model, [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }]);
  await chat.send('c');
  const [, , { id }] = chat.getState().messages;
  await chat.edit(id, 'd');
  assert.deepEqual(told(chat.getState()), ['user: a', 'assistant: b', 'user: d', 'assistant: ok']);
  await chat.edit(chat.getState().messages[0].id, 'e');
  assert.deepEqual(told(chat.getState()), ['user: e', 'assistant: ok']);
  assert.equal(new Set(chat.getState().messages.map((message) => message.id)).size, 2);
});

test('what cannot begin rejects', async () => {
  const chat = new Chat();
  await assert.rejects(chat.send('Hi'), sottoError('invalid_argument', 'model'));
  assert.deepEqual(told(chat.getState()), []);
  chat.model = fakeModel([gate()]);
  await assert.rejects(chat.retry(), sottoError('invalid_argument', 'messages'));
  await assert.rejects(chat.edit(3, 'Hi'), sottoError('invalid_argument', 'id'));
  const sent = chat.send('Hi');
  await assert.rejects(chat.send('again'), sottoError('concurrent_use'));
  assert.deepEqual(told(chat.getState()), ['user: Hi']);
  chat.stop();
  await sent;
});

test('setMessages stops, and nothing of the old answer comes after it', async () => {
  const model = fakeModelWithScripts([['old', gate()], ['new']]);
  const chat = chatWith(model);
  const sent = chat.send('Hi');
  while (chat.getState().status !== 'streaming') await later(5);
  chat.setMessages([{ role: 'user', content: 'Other' }]);
  await sent;
  assert.deepEqual([chat.getState().status, told(chat.getState())], ['ready', ['user: Other']]);
  await chat.retry();
  assert.deepEqual(told(chat.getState()), ['user: Other', 'assistant: new']);
});

test('loading: progress, ready, closed at the end', async () => {
  const loading = new ModelLoading();
  const states = record(loading);
  const model = fakeModel();
  const close = loading.open(async ({ onProgress }) => {
    onProgress({ phase: 'download', loaded: 1, total: 2 });
    return model;
  });
  await later();
  assert.deepEqual(states.map(({ status, progress }) => [status, progress?.loaded]),
    [['loading', undefined], ['loading', 1], ['ready', 1]]);
  assert.equal(loading.getState().model, model);
  close();
  assert.ok(model.closed);
  assert.equal(loading.getState().status, 'idle');
});

test('loading: opened and closed at once, as StrictMode does, nothing is loaded', async () => {
  const loading = new ModelLoading();
  const loads = [];
  const open = (name) => loading.open(async () => (loads.push(name), fakeModel()));
  open('first')();
  open('second');
  await later();
  assert.deepEqual([loads, loading.getState().status], [['second'], 'ready']);
});

test('loading: closed in the middle, the signal is aborted and a model that comes all the same is closed', async () => {
  const loading = new ModelLoading();
  const model = fakeModel();
  const loaded = gate();
  let control;
  const close = loading.open(async (given) => {
    control = given;
    await loaded;
    return model;
  });
  await later();
  close();
  assert.ok(control.signal.aborted);
  control.onProgress({ loaded: 1, total: 2 });
  loaded.open();
  await later();
  assert.ok(model.closed);
  assert.deepEqual(loading.getState(), { model: undefined, progress: undefined, error: undefined, status: 'idle' });
});

test('loading: an error is told; one of a load that was closed is not', async () => {
  const loading = new ModelLoading();
  const fail = async () => {
    throw new SottoError('not_found', '404');
  };
  const close = loading.open(fail);
  await later();
  assert.deepEqual([loading.getState().status, loading.getState().error.code], ['error', 'not_found']);
  close();
  const begun = gate();
  const closeEarly = loading.open(async () => {
    await begun;
    await fail();
  });
  await later();
  closeEarly();
  begun.open();
  await later();
  assert.equal(loading.getState().status, 'idle');
});
