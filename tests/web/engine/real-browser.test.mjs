// The built package with its real core in Chromium gives the tokens that it gives in Node. SOTTO_TEST_MODEL as for real-core.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { dist, realModel, skipMemory64, skipReal as skip, sotto } from './support.mjs';
import { expose, html, isolation, open, serve, startBrowser, strict, visitWith } from './site.mjs';

const request = { prompt: 'Once upon a time', options: { maxTokens: 12 } };

const generate = (page, options) =>
  page.evaluate(
    async ({ options, request }) => {
      const model = await sotto.load('/model.gguf', options);
      const { tokens } = await model.generate(request.prompt, request.options).result;
      const { threads, variant } = model.info;
      await model.close();
      return { tokens, threads, variant };
    },
    { options, request },
  );

describe('the real core in Chromium', { skip }, () => {
  let browser, tokens, model;
  before(async () => {
    browser = await startBrowser();
    model = readFileSync(realModel);
    const inNode = await sotto.load(realModel, { threads: 1 });
    ({ tokens } = await inNode.generate(request.prompt, request.options).result);
    await inNode.close();
  });
  after(() => browser?.close());

  const page = async (t, entry, headers) => {
    const texts = { '/': html('/page.js'), '/page.js': expose(entry), '/model.gguf': model };
    const { page, complaints } = await visitWith(browser, t, await serve(t, dist, { headers, texts }));
    t.after(() => assert.deepEqual(complaints, []));
    return page;
  };

  test('isolated, strict policy: every variant, one thread and two', async (t) => {
    const isolated = await page(t, './index.js', strict);
    for (const variant of ['simd128', 'relaxed', ...(skipMemory64 ? [] : ['memory64'])])
      for (const threads of [1, 2])
        assert.deepEqual(await generate(isolated, { variant, threads }), { tokens, threads, variant });
  });

  test('what needs more than 4 GiB gets 64-bit addresses', { skip: skipMemory64 }, async (t) => {
    const large = { context: 2 ** 22, cache: 'f32' };
    const got = await generate(await page(t, './index.js', strict), { threads: 2, ...large });
    assert.deepEqual(got, { tokens, threads: 2, variant: 'memory64' });
  });

  test('not isolated: one thread', async (t) => {
    const { tokens: got, threads } = await generate(await page(t, './index.js', {}), { threads: 2 });
    assert.deepEqual({ got, threads }, { got: tokens, threads: 1 });
  });

  test('the package on another origin', async (t) => {
    const cdn = await serve(t, dist, { headers: { ...isolation, ...open } });
    const { tokens: got, threads } = await generate(await page(t, `${cdn}/index.js`, isolation), { threads: 2 });
    assert.deepEqual({ got, threads }, { got: tokens, threads: 2 });
  });

  test('the single-file entry', async (t) => {
    const { tokens: got, threads } = await generate(await page(t, './inline.js', isolation), { threads: 2 });
    assert.deepEqual({ got, threads }, { got: tokens, threads: 2 });
  });

  test('a second load comes from the store', async (t) => {
    const isolated = await page(t, './index.js', isolation);
    const seen = await isolated.evaluate(async () => {
      const loads = [];
      for (let i = 0; i < 2; ++i) {
        const fromStore = new Set();
        const model = await sotto.load('/model.gguf', { onProgress: (progress) => fromStore.add(progress.fromStore) });
        await model.close();
        loads.push([...fromStore]);
      }
      const { downloadBytes } = await sotto.plan('/model.gguf');
      const before = await sotto.models.has('/model.gguf');
      const deleted = await sotto.models.delete('/model.gguf');
      return { loads, downloadBytes, before, deleted, list: await sotto.models.list() };
    });
    assert.ok(!seen.loads[0].includes(true) && seen.loads[1].includes(true), JSON.stringify(seen.loads));
    assert.deepEqual([seen.downloadBytes, seen.before, seen.deleted, seen.list], [0, true, true, []]);
  });
});
