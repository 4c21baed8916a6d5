// The built package with its real core. SOTTO_TEST_MODEL: path of a small .gguf file with a tokenizer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { dist, realModel as path, skipMemory64, skipReal as skip, sotto, sottoError } from './support.mjs';

const greedy = { maxTokens: 12 };
const prompt = 'Once upon a time';

/** The core itself, without a worker. */
async function core() {
  const { default: factory } = await import(join(dist, 'core.node.mjs'));
  const wasm = await WebAssembly.compile(readFileSync(join(dist, 'sotto.wasm')));
  return factory({
    poolSize: 0,
    instantiateWasm(imports, receive) {
      WebAssembly.instantiate(wasm, imports).then((instance) => receive(instance, wasm));
      return {};
    },
  });
}

describe('the real core', { skip }, () => {
  test('the same tokens with one thread and with two, and from bytes as from a path', async () => {
    const results = [];
    for (const [source, threads] of [
      [path, 1],
      [path, 2],
      [new Uint8Array(readFileSync(path)), 2],
    ]) {
      const model = await sotto.load(source, { threads });
      assert.equal(model.info.threads, threads);
      results.push((await model.generate(prompt, greedy).result).tokens);
      await model.close();
    }
    assert.ok(results[0].length > 0);
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });

  test('pieces, text, result, and a second answer that knows nothing of the first', async () => {
    const model = await sotto.load(path);
    const generation = model.generate(prompt, { ...greedy, logprobs: 2 });
    let text = '';
    for await (const piece of generation) {
      text += piece.text;
      if (piece.token !== undefined) assert.equal(piece.topLogprobs.length, 2);
    }
    const result = await generation.result;
    assert.equal(result.text, text);
    assert.equal(result.usage.completionTokens, result.tokens.length);
    assert.deepEqual((await model.generate(prompt, greedy).result).tokens, result.tokens);
    assert.equal(await model.decode(await model.tokenize(prompt, { addSpecial: false })), prompt);
    await model.close();
  });

  test('64-bit addresses give the same tokens, and reach beyond 4 GiB', { skip: skipMemory64 }, async () => {
    const ofVariant = async (options) => {
      const model = await sotto.load(path, { threads: 2, ...options });
      const { tokens } = await model.generate(prompt, greedy).result;
      const { linearBytes } = await model.memory();
      await model.close();
      return { tokens, variant: model.info.variant, linearBytes };
    };
    const { tokens } = await ofVariant({ variant: 'simd128' });
    const same = await ofVariant({ variant: 'memory64' });
    assert.deepEqual([same.tokens, same.variant], [tokens, 'memory64']);
    // Layers lie one after another: the last one's keys and values are above 4 GiB.
    const large = await ofVariant({ context: 2 ** 22, cache: 'f32' });
    assert.deepEqual([large.tokens, large.variant], [tokens, 'memory64']);
    assert.ok(large.linearBytes > 2 ** 32);
  });

  test('plan() tells what is held then, inspect() what is in the file', async () => {
    const options = { context: 128, threads: 1 };
    const plan = await sotto.plan(path, options);
    const inspection = await sotto.inspect(path);
    const model = await sotto.load(path, options);
    const { linearBytes, ...usage } = await model.memory();
    const { weightsBytes, tokenizerBytes, kvBytes, scratchBytes } = plan;
    assert.deepEqual(usage, { weightsBytes, tokenizerBytes, kvBytes, scratchBytes });
    assert.ok(plan.fits && plan.downloadBytes === 0 && linearBytes >= plan.totalBytes);
    assert.equal(inspection.architecture, model.info.architecture);
    assert.equal(inspection.parameters, model.info.parameters);
    assert.equal(inspection.fileBytes, readFileSync(path).length);
    assert.deepEqual(await model.inspect(), inspection);
    await model.close();
  });

  test('cancelled at random moments, an answer is as a fresh one', async () => {
    const model = await sotto.load(path);
    const { tokens } = await model.generate(prompt, greedy).result;
    for (let i = 0; i < 20; ++i) {
      const { finishReason } = await model.generate(prompt, { timeout: Math.random() * 30, maxTokens: 100, ignoreEos: true })
        .result;
      assert.ok(['deadline', 'length'].includes(finishReason), finishReason);
    }
    assert.deepEqual((await model.generate(prompt, greedy).result).tokens, tokens);
    await model.close();
  });

  test('a thousand generations leave the memory as it is', async () => {
    const model = await sotto.load(path, { threads: 1 });
    await model.generate(prompt, { maxTokens: 1 }).result;
    const before = await model.memory();
    for (let i = 0; i < 1000; ++i) await model.generate(prompt, { maxTokens: 1 }).result;
    assert.deepEqual(await model.memory(), before);
    await model.close();
  });

  test('several sessions, forks', async () => {
    const model = await sotto.load(path);
    const { kvBytes } = await model.memory();
    const sessions = await Promise.all([1, 2, 3].map(() => model.newSession({ context: 64 })));
    const results = await Promise.all(sessions.map((session) => session.generate(prompt, greedy).result));
    for (const { tokens } of results) assert.deepEqual(tokens, results[0].tokens);
    const fork = await sessions[0].fork();
    assert.deepEqual(await fork.tokens(), await sessions[0].tokens());
    await sessions[0].rewind(1);
    assert.equal((await sessions[0].tokens()).length, 1);
    await Promise.all([...sessions, fork].map((session) => session.close()));
    assert.equal((await model.memory()).kvBytes, kvBytes);
    await model.close();
  });

  test('a broken file is told, and the next load works', async () => {
    const bytes = readFileSync(path);
    await assert.rejects(sotto.load(new Uint8Array(bytes.subarray(0, 1000))), sottoError('bad_model'));
    await assert.rejects(sotto.load(new Uint8Array(1000)), (error) => error instanceof sotto.SottoError);
    const model = await sotto.load(path);
    await model.close();
  });

  test("options have the core's names and ranges", async () => {
    const { generationOptions } = await core();
    const rows = JSON.parse(generationOptions());
    assert.ok(rows.length > 10);
    const model = await sotto.load(path);
    const attempt = (name, value) => model.generate(prompt, { maxTokens: 1, timeout: 1000, [name]: value }).result;
    for (const { name, kind, min, max } of rows) {
      const camel = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
      if (kind === 'boolean') await attempt(camel, true);
      if (kind !== 'integer' && kind !== 'real') continue;
      // -1 stands for "not given" there; here that is undefined. Limits of real numbers are floats there.
      const least = ['seed', 'logprobs'].includes(name) ? 0 : Number(min.toPrecision(7));
      const step = kind === 'integer' ? 1 : 1e-3;
      for (const value of [least, max]) await attempt(camel, value);
      for (const value of [least - step, max + step])
        await assert.rejects(attempt(camel, value), sottoError('invalid_argument', camel));
    }
    await model.close();
  });
});
