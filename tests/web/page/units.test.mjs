// Parts of the page that need no browser.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));

/** One module of the page, or by `../../src/...` of the package, compiled here. */
async function compiled(name) {
  const { build } = require('esbuild');
  const entry = fileURLToPath(new URL(`../../../web/demo/src/${name}.ts`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'node20' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

describe('numbers as text', () => {
  let format;
  before(async () => (format = await compiled('format')));

  test('bytes', () => {
    const cases = [
      [0, '0 bytes'],
      [999, '999 bytes'],
      [1000, '1.0 kB'],
      [98_362_432, '98.4 MB'],
      [253_113_024, '253 MB'],
      [999_600_000, '1.0 GB'],
      [4.294e9, '4.3 GB'],
    ];
    for (const [n, text] of cases) assert.equal(format.bytes(n), text);
  });
  test('times', () => {
    assert.equal(format.milliseconds(8.94), '8.9 ms');
    assert.equal(format.milliseconds(412), '412 ms');
    assert.equal(format.milliseconds(1234), '1.23 s');
    for (const [seconds, text] of [
      [0.4, 'about a second left'],
      [4.2, 'about 5 seconds left'],
      [33, 'about 35 seconds left'],
      [58, 'about a minute left'],
      [400, 'about 7 minutes left'],
      [5400, 'about 1.5 hours left'],
      [Infinity, ''],
    ])
      assert.equal(format.remaining(seconds), text);
  });
  test('medians', () => {
    assert.equal(format.median([3, 1, 2]), 2);
    assert.equal(format.median([4, 1, 2, 3]), 2.5);
  });
});

describe('what can be picked', () => {
  let offers;
  before(async () => (offers = await compiled('offers')));

  test('a typed address or name', () => {
    for (const text of [
      'https://host/a.gguf',
      'http://localhost:8080/a.gguf?x=1',
      'hf:owner/repo',
      'hf:owner/repo/sub/file.gguf@main',
      'hf:owner/repo:q4_0',
      'gemma-3-270m',
    ]) {
      assert.equal(offers.typedChoice(` ${text} `).source, text);
    }
    for (const text of ['', 'https://', 'hf:owner', 'owner/repo', 'file.gguf', 'javascript:alert(1)'])
      assert.equal(typeof offers.typedChoice(text), 'string', text);
  });
  test('titles', () => {
    const cases = [
      ['hf:owner/repo', 'repo'],
      ['hf:owner/repo/sub/Some-Model.Q4_0.gguf@main', 'Some-Model.Q4_0'],
      ['https://h/x/a%20b.gguf?download=true', 'a b'],
      ['big-00001-of-00003.gguf', 'big'],
      ['smollm2-135m-instruct', 'SmolLM2 135M Instruct'],
      ['100%.gguf', '100%'],
    ];
    for (const [id, title] of cases) assert.equal(offers.titleOf(id), title);
  });
  test('files', () => {
    const file = (name) => new File(['x'], name);
    assert.equal(offers.filesChoice([file('a.gguf')]).title, 'a');
    assert.equal(offers.filesChoice([file('a.gguf'), file('readme.md')]).source.name, 'a.gguf');
    assert.equal(offers.filesChoice([file('b-00002-of-00002.gguf'), file('b-00001-of-00002.gguf')]).title, 'b');
    assert.equal(offers.filesChoice([file('config.json'), file('model.safetensors')], 'folder').title, 'folder');
    assert.match(offers.filesChoice([file('a.txt')]), /no model/);
    assert.match(offers.filesChoice([file('a.txt')], 'folder'), /folder holds no model/);
  });
  test('each model once: saved before local before remote', () => {
    const file = 'SmolLM2-135M-Instruct.Q4_1.gguf';
    const local = [
      { file, path: file, bytes: 98362432 },
      { file: 'own.gguf', path: 'own.gguf', bytes: 5 },
    ];
    globalThis.document = { baseURI: 'http://host/page/' };
    const states = (stored) => offers.cards(local, stored).map(({ state }) => state);
    assert.deepEqual(states([]), ['local', 'remote', 'local']);
    assert.equal(offers.cards(local, [])[0].choice.source, `http://host/page/models/${file}`);
    assert.match(offers.cards(local, [])[0].choice.options.sha256, /^b179c95/);
    const stored = {
      id: `http://host/page/models/${file}`,
      files: [{ name: file, bytes: 1, sha256: '' }],
      bytes: 1,
      complete: true,
    };
    assert.deepEqual(states([stored]), ['saved', 'remote', 'local']);
    assert.deepEqual(
      offers.cards([], [{ ...stored, complete: false }]).map(({ state, tag }) => [state, tag]),
      [
        ['partial', '1 bytes of it here'],
        ['remote', undefined],
      ],
    );
  });
});

describe('the timeline', () => {
  let timeline;
  before(async () => (timeline = await compiled('timeline')));
  const span = (name, ts, dur, more = {}) => ({ name, ph: 'X', ts, dur, pid: 1, tid: 0, ...more });

  test('sums parts per token, and takes the last answer only', () => {
    const { prefill, tokens } = timeline.readTimeline([
      span('prefill', 0, 900),
      span('step', 1000, 10),
      span('prefill', 2000, 400),
      span('layer', 2000, 300),
      span('qkv', 2000, 100),
      span('prefill', 2500, 100), // in two slices
      span('step', 3000, 50),
      span('step', 4000, 1000),
      span('layer', 4000, 700, { args: { index: 0 } }),
      span('qkv', 4000, 200),
      span('attention', 4200, 100),
      span('down', 4300, 400),
      span('head', 4700, 200),
      span('qkv', 4100, 50, { tid: 7 }), // of another thread
    ]);
    assert.equal(prefill.ms, 0.5);
    assert.deepEqual(
      prefill.parts.map((ms) => Math.round(ms * 1000)),
      [100, 0, 0, 400],
    );
    assert.equal(tokens.length, 2);
    assert.deepEqual(
      tokens[1].parts.map((ms) => Math.round(ms * 1000)),
      [300, 400, 200, 100],
    );
    assert.deepEqual(
      tokens[1].spans.map(({ name, depth }) => [name, depth]),
      [
        ['layer', 0],
        ['qkv', 1],
        ['attention', 1],
        ['down', 1],
        ['head', 0],
      ],
    );
    assert.equal(tokens[1].spans[0].index, 0);
  });
  test('a trace without an answer has none', () => {
    assert.equal(timeline.readTimeline([]), undefined);
    assert.equal(timeline.readTimeline([span('load', 0, 10)]), undefined);
  });
});

describe('Markdown', () => {
  let markdown;
  before(async () => (markdown = await compiled('markdown')));

  test('is cut into blocks', () => {
    const cases = [
      ['one\ntwo\n\nthree', ['one\ntwo', 'three']],
      ['# head\ntext', ['# head', 'text']],
      ['text\n- a\n- b\n\n- c\n\nafter', ['text', '- a\n- b\n- c', 'after']],
      ['1. a\n   more\n2. b', ['1. a\n   more\n2. b']],
      ['a\n```js\nx\n\ny\n```\nb', ['a', '```js\nx\n\ny\n```', 'b']],
      ['```\nnever closed\n\n# not a heading', ['```\nnever closed\n\n# not a heading']],
      ['', []],
    ];
    for (const [text, blocks] of cases) assert.deepEqual(markdown.blocksOf(text), blocks, text);
  });
});

describe('settings', () => {
  test('ranges are those of the package, and what is wrong is told', async () => {
    const { specs } = await compiled('settings');
    const { numberFault } = await compiled('field');
    const { checkPrompt } = await compiled('../../src/options');
    const taken = ({ name }, value) => {
      try {
        return Boolean(checkPrompt('text', { [name]: value }));
      } catch (error) {
        assert.equal(error.where, name);
        return false;
      }
    };
    for (const spec of specs) {
      assert.equal(numberFault(spec, ''), '', spec.name);
      const values = [spec.min, spec.max, spec.min - 1, spec.min - 0.005, spec.max + 0.5, spec.max * 2 + 1, 0.5, Infinity];
      for (const value of values)
        assert.equal(numberFault(spec, String(value)) === '', taken(spec, value), `${spec.name} ${value}`);
      for (const text of ['x', 'NaN', '1,5', '1e999'])
        assert.match(numberFault(spec, text), /^Write a (whole )?number from /, `${spec.name} ${text}`);
    }
  });
});
