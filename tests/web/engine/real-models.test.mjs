// Greedy answers of both real models are those of the native command: in Node, and in Chromium with both binaries and with one thread
// and two.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { gemma, longest, nativeCommand, skipModel, smol } from './real-models.mjs';
import { expose, html, isolation, residentBytes, serve, startBrowser, visitWith } from './site.mjs';
import { dist, skipMemory64, sotto, until } from './support.mjs';

const skipCore = existsSync(`${dist}/core.node.mjs`) ? false : 'web/dist has no core: ./run build npm';
const kinds = ['simd128', 'relaxed'].flatMap((variant) => [1, 2].map((threads) => ({ variant, threads })));

/** Runs in Node and in pages. */
async function answers(sotto, source, options, asked, maxTokens) {
  const model = await sotto.load(source, options);
  try {
    const texts = [];
    for (const { question, prompt } of asked) {
      const generation = prompt
        ? model.generate(prompt, { maxTokens })
        : model.chat([{ role: 'user', content: question }], { maxTokens });
      texts.push(await generation.text());
    }
    const { variant, threads } = model.info;
    return { texts, variant, threads };
  } finally {
    await model.close();
  }
}

for (const model of [smol, gemma]) {
  const expected = model.answers.map(({ text }) => text);

  describe(model.file, { skip: skipModel(model) || skipCore }, () => {
    let browser;
    before(async () => (browser = await startBrowser()));
    after(() => browser?.close());

    test('the native command', { skip: !existsSync(nativeCommand) && 'it is not built: ./run build' }, () => {
      const texts = model.answers.map(({ question, prompt }) => {
        const how = prompt ? ['-p', prompt, '--raw'] : ['-p', question];
        const told = execFileSync(nativeCommand, ['run', model.path, ...how, '-n', String(longest), '--json', '--quiet']);
        return JSON.parse(told).text;
      });
      assert.deepEqual(texts, expected);
    });

    for (const kind of [...kinds, ...(skipMemory64 ? [] : [{ variant: 'memory64', threads: 2 }])]) {
      test(`Node, ${kind.variant}, threads: ${kind.threads}`, async () => {
        const got = await answers(sotto, model.path, kind, model.answers, longest);
        assert.deepEqual(got, { texts: expected, ...kind });
      });
    }

    test('Chromium, each', async (t) => {
      const texts = { '/': html('/page.js'), '/page.js': expose('./index.js'), '/model.gguf': readFileSync(model.path) };
      const { page, complaints } = await visitWith(browser, t, await serve(t, dist, { headers: isolation, texts }));
      for (const kind of kinds) {
        const got = await page.evaluate(
          `(${answers})(sotto, '/model.gguf', ${JSON.stringify({ ...kind, storage: 'none' })}, ` +
            `${JSON.stringify(model.answers)}, ${longest})`,
        );
        assert.deepEqual(got, { texts: expected, ...kind });
      }
      assert.deepEqual(complaints, []);
    });

    test('closing frees the memory of a page', { timeout: 120_000 }, async (t) => {
      const texts = { '/': html('/page.js'), '/page.js': expose('./index.js'), '/model.gguf': readFileSync(model.path) };
      const { page } = await visitWith(browser, t, await serve(t, dist, { headers: isolation, texts }));
      const weightsBytes = await page.evaluate(async () => {
        globalThis.model = await sotto.load('/model.gguf', { threads: 2, storage: 'none' });
        return (await model.memory()).weightsBytes;
      });
      const held = await residentBytes(browser);
      assert.ok(held > weightsBytes);
      await page.evaluate(() => model.close());
      // A browser gives threads that wait two seconds before it ends them.
      await until(async () => (await residentBytes(browser)) < held - 0.8 * weightsBytes);
    });
  });
}
