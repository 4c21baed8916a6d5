/** The facades beside the real packages whose shape they have. Those are no dependencies; to run this,
 *   npm install --prefix build/peers openai@6 @ai-sdk/provider@4 ai@7 @types/dom-chromium-ai happy-dom \
 *     react@19 react-dom@19 @types/react@19 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'node:test';
import { abortedAfter, collect, fakeModel, gate, SottoError } from './fake-model.mjs';
import { importBundled, importSources, requireFromWeb } from './sources.mjs';

const folder = fileURLToPath(new URL('../../../build/peers/', import.meta.url));
const skip = existsSync(`${folder}node_modules/ai`) ? false : 'build/peers is not installed (see the head of this file)';
const peer = (name) => import(pathToFileURL(createRequire(folder).resolve(name)));

test('types: the compiler finds them assignable', { skip }, () => {
  const types = fileURLToPath(new URL('./types/', import.meta.url));
  const { compilerOptions } = requireFromWeb('./tsconfig.json');
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify({
    compilerOptions: {
      ...compilerOptions, noEmit: true, declaration: false, emitDeclarationOnly: false, rootDir: '/', allowJs: true,
      paths: { '*': ['./node_modules/*', './node_modules/@types/*'] },
    },
    include: [`${types}*.check.ts`],
  }));
  const compiler = requireFromWeb.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test('openai: its Stream reads ours', { skip }, async () => {
  const { Stream } = await peer('openai/streaming');
  const { OpenAI } = await importSources('openai.ts');
  const messages = [{ role: 'user', content: 'Hi' }];
  const stream = await new OpenAI(fakeModel()).chat.completions.create({ messages, stream: true });
  const chunks = await collect(Stream.fromReadableStream(stream.toReadableStream(), stream.controller));
  assert.equal(chunks.map(({ choices: [{ delta }] }) => delta.content ?? '').join(''), 'Hello world');
});

test('ai: generateText', { skip }, async () => {
  const { generateText } = await peer('ai');
  const { sotto } = await importSources('ai-sdk.ts');
  const model = fakeModel();
  const { text, finishReason, usage, warnings } = await generateText({
    model: sotto(model), system: 'Be short.', prompt: 'Say hello', temperature: 0.5, maxOutputTokens: 9, maxRetries: 0,
  });
  assert.deepEqual([text, finishReason, warnings], ['Hello world', 'stop', []]);
  assert.deepEqual([usage.inputTokens, usage.outputTokens, usage.totalTokens], [9, 2, 11]);
  const { signal, ...options } = model.requests[0].options;
  assert.deepEqual(options, { temperature: 0.5, maxTokens: 9 });
});

test('ai: streamText, pieces in order, errors and aborts as the SDK tells them', { skip, timeout: 10000 }, async () => {
  const { streamText } = await peer('ai');
  const { sotto } = await importSources('ai-sdk.ts');
  const stream = (script, more) => {
    const told = { errors: [], aborts: 0 };
    const onError = ({ error }) => told.errors.push(error.code);
    return Object.assign(streamText({
      model: sotto(fakeModel(script)), prompt: 'Say hello', maxRetries: 0, onError, onAbort: () => told.aborts++, ...more,
    }), { told });
  };
  const whole = stream(['Hello', ' world']);
  assert.deepEqual(await collect(whole.textStream), ['Hello', ' world']);
  assert.deepEqual([await whole.finishReason, (await whole.usage).outputTokens], ['stop', 2]);

  const failing = stream(['Hello', new SottoError('worker_lost', 'gone')]);
  assert.deepEqual(await collect(failing.textStream), ['Hello']);
  assert.deepEqual(failing.told, { errors: ['worker_lost'], aborts: 0 });

  const stopped = stream(['Hello', gate()], { abortSignal: abortedAfter(20) });
  assert.deepEqual(await collect(stopped.textStream), ['Hello']);
  assert.deepEqual(stopped.told, { errors: [], aborts: 1 });
});

test('react: hooks load, show, talk, and close at the end, in StrictMode', { skip, timeout: 10000 }, async () => {
  const { Window } = await peer('happy-dom');
  const window = new Window();
  Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
  globalThis.navigator ??= window.navigator; // Node 20 has none
  const { act, createElement: h, createRoot, StrictMode, useChat, useModel } = await importBundled(`
    export { act, createElement, StrictMode } from 'react';
    export { createRoot } from 'react-dom/client';
    export * from './src/react.ts';`, folder, ['react', 'react-dom/client']);
  const loads = [];
  const load = async (source, options) => {
    const model = fakeModel(['Hello', ' world']);
    loads.push({ source, options, model });
    options.onProgress({ loaded: 1, total: 2 });
    return model;
  };
  let seen;
  function Page({ source }) {
    const loaded = useModel(source, { load, threads: 1 });
    const chat = useChat(loaded.model, { maxTokens: 9 });
    seen = { loaded, chat };
    return h('ul', null, chat.messages.map(({ id, content }) => h('li', { key: id }, content)));
  }
  const root = createRoot(document.body);
  const show = (source) => act(async () => root.render(h(StrictMode, null, h(Page, { source }))));

  await show(undefined);
  assert.equal(seen.loaded.status, 'idle');
  await show(new URL('http://a.test/model'));
  await show(new URL('http://a.test/model')); // another object, the same URL
  assert.deepEqual(loads.map(({ source, options }) => [source, options.threads]), [['http://a.test/model', 1]]);
  assert.deepEqual([seen.loaded.status, seen.loaded.progress.loaded, seen.loaded.model === loads[0].model], ['ready', 1, true]);

  await act(async () => seen.chat.submit()); // there is no text
  await act(async () => seen.chat.setInput('Hi'));
  let prevented = 0;
  await act(async () => {
    seen.chat.submit({ preventDefault: () => prevented++ });
    seen.chat.submit({ preventDefault: () => prevented++ }); // a second click
  });
  assert.deepEqual([prevented, seen.chat.input, seen.chat.status], [2, '', 'ready']);
  assert.equal(document.body.innerHTML, '<ul><li>Hi</li><li>Hello world</li></ul>');
  assert.deepEqual(loads[0].model.requests.map(({ messages, options }) => [messages, options]),
    [[[{ role: 'user', content: 'Hi' }], { maxTokens: 9 }]]);
  await act(async () => seen.chat.edit(seen.chat.messages[0].id, 'Hey'));
  assert.equal(document.body.innerHTML, '<ul><li>Hey</li><li>Hello world</li></ul>');

  await show('other');
  assert.deepEqual(loads.map(({ source, model }) => [source, model.closed]), [['http://a.test/model', true], ['other', false]]);
  loads[1].model.scripts = [[gate()]];
  await act(async () => void seen.chat.send('Wait'));
  assert.equal(seen.chat.status, 'submitted');
  await act(async () => root.unmount());
  assert.equal(loads[1].model.requests[0].generation.endedEarly, 'cancelled');
  assert.ok(loads[1].model.closed);
});
