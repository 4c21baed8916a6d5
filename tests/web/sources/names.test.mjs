// Names of models and the choice among files: the rules of the command line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importForNode, repositoryText } from './support.mjs';

const sources = await importForNode();
const { catalogue, checkBelow, hasAllParts, hubFolder, keyOfUrl, parseHubName, selectModelFiles, sha256OfText } = sources;
const code = (expected) => (error) => error.code === expected;

test('the catalogue is that of the command line', async () => {
  const text = (await repositoryText('native-demo/catalogue.cpp')).replace(/\s+/g, ' ');
  const native = [...text.matchAll(/\.name = "[^}]*/g)].map(([row]) => {
    const [name, file, sha256, source] = ['name', 'file', 'sha256', 'source'].map((key) => row.match(`\\.${key} = "([^"]*)"`)[1]);
    return { name, file, bytes: Number(row.match(/\.bytes = (\d+)/)[1]), sha256, source };
  });
  assert.ok(native.length > 0);
  assert.deepEqual(catalogue, native);
});

test('hub names', () => {
  const parts = (name) => Object.values(parseHubName(name)).join(' ');
  assert.equal(parts('hf:o/r'), 'o r   main');
  assert.equal(parts('hf:o/r:Q8_0@v1.0'), 'o r  q8_0 v1.0');
  assert.equal(parts('hf:o/r/a/b.gguf@c0ffee'), 'o r a/b.gguf  c0ffee');
  const repositories = ['', 'o', 'o/', '/r', '../r', 'o/.r', 'ö/r', 'o/r%2e', 'o/r\\x', 'o/r:', 'o/r@', 'o/r:q4:q8', 'o/r@a/b'];
  const files = ['o/r/', 'o/r/../x', 'o/r//x', 'o/r/x.gguf:q4', 'o/r/x y'];
  for (const bad of ['x', '', ...[...repositories, ...files].map((name) => `hf:${name}`)])
    assert.throws(() => parseHubName(bad), code('invalid_argument'), bad);
  assert.equal(hubFolder(parseHubName('hf:o/r')), 'hf/o/r');
  assert.equal(hubFolder(parseHubName('hf:o/r/f.gguf@v1')), 'hf/o/r@v1');
});

test('the files of one model', () => {
  const quants = ['m.Q8_0.gguf', 'm.Q4_K_M.gguf', 'm.F16.gguf', 'README.md'];
  assert.deepEqual(selectModelFiles(quants, ''), ['m.Q4_K_M.gguf']);
  assert.deepEqual(selectModelFiles(quants, 'f16'), ['m.F16.gguf']);
  assert.deepEqual(selectModelFiles(['m.Q8_0.gguf', 'm.F16.gguf'], ''), ['m.Q8_0.gguf']);
  assert.deepEqual(selectModelFiles(['m.F16.gguf', 'mmproj-m.F16.gguf', 'imatrix.gguf'], ''), ['m.F16.gguf']);
  assert.deepEqual(selectModelFiles(['m.F16.gguf', 'mmproj-m.F16.gguf'], 'mmproj'), ['mmproj-m.F16.gguf']);
  const parts = ['x/m-00002-of-00002.gguf', 'x/m-00001-of-00002.gguf'];
  assert.deepEqual(selectModelFiles(parts, ''), [...parts].sort());
  const folder = ['config.json', 'tokenizer.json', 'model.safetensors', 'sub/other.safetensors'];
  assert.deepEqual(selectModelFiles(folder, ''), ['config.json', 'model.safetensors']);
  assert.throws(() => selectModelFiles(folder, 'q8_0'), code('not_found'));
  assert.throws(() => selectModelFiles(['config.json'], ''), code('not_found'));
  assert.throws(() => selectModelFiles([], ''), code('not_found'));
  const two = ['a.gguf', 'b.gguf'];
  assert.throws(() => selectModelFiles(two, ''), { code: 'invalid_argument', message: /a\.gguf, b\.gguf/ });
  assert.throws(() => selectModelFiles(quants, 'q3'), { code: 'not_found', message: /m\.Q8_0\.gguf/ });
});

test('parts of a split model', () => {
  assert.equal(hasAllParts(['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']), true);
  assert.equal(hasAllParts(['m-00001-of-00002.gguf']), false);
  assert.equal(hasAllParts(['config.json', 'm-00002-of-00003.safetensors']), false);
  assert.equal(hasAllParts(['m.gguf']), true);
});

test('names below a folder', () => {
  for (const good of ['a', 'a.b', 'a/b.c', '..a', 'a b']) checkBelow(good);
  for (const bad of ['', '.', '..', 'a/..', '/a', 'a/', 'a//b', './a', 'a\\b', 'c:', 'a\0'])
    assert.throws(() => checkBelow(bad), code('invalid_argument'), bad);
});

test('where a URL is kept', async () => {
  const url = 'http://h/x/m.gguf?download=true#part';
  assert.equal(await keyOfUrl(url), `url/${(await sha256OfText(url)).slice(0, 12)}-m.gguf`);
  assert.match(await keyOfUrl('https://h/a/%C3%A9 é.gguf'), /^url\/[0-9a-f]{12}-_C3_A9___\.gguf$/);
  assert.match(await keyOfUrl('https://h/..'), /-model$/);
  assert.match(await keyOfUrl('https://h/'), /-model$/);
});
