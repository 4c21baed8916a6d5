// web/README.md tells the truth: its examples run, and its tables have the options, ranges, codes and sizes of the package.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { dist, skipMemory64, sotto } from '../engine/support.mjs';
import { project } from './project.mjs';

const at = (path) => new URL(`../../../${path}`, import.meta.url);
const readme = readFileSync(at('web/README.md'), 'utf8');
const types = readFileSync(join(dist, 'types.d.ts'), 'utf8');
const catalogued = 'smollm2-135m-instruct';
const skip = !existsSync(join(dist, 'core.node.mjs'))
  ? 'web/dist has no core: ./run build npm'
  : (await sotto.models.has(catalogued))
    ? false
    : `the examples need it: ./run model ${catalogued}`;

/** {column: cell} of every row whose first cells are code, one for each name there. */
const rows = readme.split('\n').flatMap((line) => {
  if (!line.startsWith('| `')) return [];
  const [first, ...cells] = line.split(' | ').map((cell) => cell.replace(/^\|?\s*|\s*\|?$/g, ''));
  const plain = cells.map((cell) => cell.replaceAll('`', ''));
  return [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ name, cells: plain }));
});
const names = new Set(rows.map(({ name }) => name));

describe('tables', () => {
  test('every option', () => {
    const kinds = 'Source Engine Session Model Load Generation Tokenize Decode Template'.split(' ');
    for (const name of ['Control', ...kinds.map((kind) => `${kind}Options`)]) {
      const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{(.*?)\\n\\}`, 's').exec(types) ?? assert.fail(`no ${name}`);
      const fields = [...body.matchAll(/^ {4}(\w+)\?:/gm)].map(([, field]) => field);
      assert.ok(fields.length > 0, name);
      assert.deepEqual(fields.filter((field) => !names.has(field)), [], name);
    }
  });

  test('every error code', () => {
    const [, union] = /type ErrorCode =(.*?);/s.exec(types.replace(/\/\/.*$/gm, '')) ?? assert.fail('no ErrorCode');
    const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    assert.ok(codes.length > 10);
    assert.deepEqual(codes.filter((code) => !names.has(code)), []);
  });

  test("defaults and ranges of a generation are the core's", { skip }, async () => {
    const { default: factory } = await import(pathToFileURL(join(dist, 'core.node.mjs')));
    const wasm = await WebAssembly.compile(readFileSync(join(dist, 'sotto.wasm')));
    const instantiateWasm = (imports, receive) => {
      WebAssembly.instantiate(wasm, imports).then((instance) => receive(instance, wasm));
      return {};
    };
    const { generationOptions } = await factory({ poolSize: 0, instantiateWasm });
    const shown = (number) =>
      number > 9e15 ? '2^53 - 1' : number > 2e9 ? '2^31 - 1' : String(Number(number.toPrecision(7)));
    for (const { name, kind, min, max, default: byDefault } of JSON.parse(generationOptions())) {
      const row = rows.find((row) => row.name === name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
      assert.ok(row, name);
      if (kind === 'boolean') assert.equal(row.cells[0], String(Boolean(byDefault)), name);
      if (kind !== 'integer' && kind !== 'real') continue;
      const isUnset = ['seed', 'logprobs'].includes(name); // -1 stands for that there
      assert.equal(row.cells[1], `${isUnset ? 0 : shown(min)} to ${shown(max)}`, name);
      if (!isUnset) assert.equal(row.cells[0], shown(byDefault), name);
    }
  });

  test('sizes, to a tenth', { skip }, () => {
    const files = rows.filter(({ name, cells }) => /\.(m?js|wasm)$/.test(name) && /kB$/.test(cells[0]));
    assert.ok(files.length > 5);
    for (const { name, cells } of files) {
      if (skipMemory64 && name.includes('64')) continue;
      const bytes = gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;
      assert.ok(Math.abs(parseFloat(cells[0]) * 1000 - bytes) < bytes / 10, `${name}: ${cells[0]}, it has ${bytes} B`);
    }
  });
});

describe('examples', { skip }, async () => {
  const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source]) => source);
  const peer = at('build/peers/node_modules/ai'); // see ../facades/peers.test.mjs
  const folder = skip ? '' : await project('node', { name: 'readme' });
  if (!skip && existsSync(peer)) {
    rmSync(join(folder, 'node_modules/ai'), { recursive: true, force: true });
    symlinkSync(peer, join(folder, 'node_modules/ai'));
  }
  for (const [i, source] of examples.entries()) {
    const [title] = source.match(/from '(?!sotto')[^']+'/) ?? [source.split('\n').at(i === 0 ? 2 : 0)];
    const lacks = source.includes("from 'ai'") && !existsSync(peer) ? 'build/peers has no ai' : false;
    test(`${i}: ${title}`, { skip: lacks }, async () => {
      const path = join(folder, `example-${i}.mjs`);
      writeFileSync(path, i === 0 ? `${source}export { model, messages };\n` : source); // the others go on from there
      const made = await import(pathToFileURL(path));
      if (i === 0) Object.assign(globalThis, made);
    });
  }
  test('the model closes', () => globalThis.model.close());
});
