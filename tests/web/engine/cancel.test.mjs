import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { baseUrl, loadFake, modelBytes, run, sleep, sotto, sottoError, until } from './support.mjs';

/** A model's bytes that come slowly. */
const slowly = (spec, { size = 400, pieces = 20, ms = 20 } = {}) => {
  const bytes = modelBytes(spec, size);
  let at = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await sleep(ms);
      controller.enqueue(bytes.slice(at, (at += size / pieces)));
      if (at >= size) controller.close();
    },
  });
  return { stream, size };
};

describe('load', () => {
  const load = (source, options) => sotto.load(source, { baseUrl, threads: 1, ...options });

  test('with a signal that was triggered before', async () => {
    const reason = new Error('enough');
    await assert.rejects(load(modelBytes(), { signal: AbortSignal.abort(reason) }), (error) => {
      assert.equal(error.cause, reason);
      return sottoError('cancelled')(error);
    });
  });

  test('while bytes come', async () => {
    const controller = new AbortController();
    const loading = load(slowly({}), {
      signal: controller.signal,
      onProgress: ({ loaded }) => loaded > 50 && controller.abort(),
    });
    await assert.rejects(loading, sottoError('cancelled'));
  });

  test('while the core computes', async () => {
    const controller = new AbortController();
    const onProgress = ({ phase }) => phase === 'warm-up' && controller.abort();
    const began = performance.now();
    await assert.rejects(
      load(modelBytes({ finishMs: 30_000 }), { signal: controller.signal, onProgress }),
      sottoError('cancelled'),
    );
    assert.ok(performance.now() - began < 5000, 'at once');
  });

  test('by its time', async () => {
    await assert.rejects(load(slowly({}), { timeout: 100 }), sottoError('deadline_exceeded', 'timeout'));
    await assert.rejects(load(modelBytes({ finishMs: 30_000 }), { timeout: 400 }), sottoError('deadline_exceeded'));
    await assert.rejects(
      load(modelBytes(), { signal: AbortSignal.timeout(1), timeout: 5000 }),
      sottoError('deadline_exceeded', 'signal'),
    );
  });

  test('inspect() and plan() too', async () => {
    await assert.rejects(sotto.inspect(slowly({}), { baseUrl, timeout: 20 }), sottoError('deadline_exceeded'));
    const controller = new AbortController();
    const planning = sotto.plan(slowly({}), { baseUrl, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(planning, sottoError('cancelled'));
  });

  test('at random moments; then a fresh one works', async () => {
    for (let i = 0; i < 30; ++i) {
      const loading = load(modelBytes({ finishMs: 20 }), { timeout: i * 5 }).then((model) => model.close());
      await loading.catch(sottoError('deadline_exceeded'));
    }
    const model = await load(modelBytes());
    assert.equal(await model.generate('fresh').text(), 'fresh');
    await model.close();
  });

  test('a listener that throws ends it', async () => {
    const onProgress = () => {
      throw new Error('mine');
    };
    await assert.rejects(
      load(modelBytes(), { onProgress }),
      (error) => error.cause.message === 'mine' && sottoError('invalid_argument')(error),
    );
  });
});

const sharing = await loadFake({}, { threads: 2 });
// With the name of Bun, nothing is shared.
const { versions } = process;
Object.defineProperty(process, 'versions', { value: { ...versions, bun: '1' } });
const unsharing = await loadFake({}, { threads: 2 });
Object.defineProperty(process, 'versions', { value: versions });

test('threads, or one thread with a reason', () => {
  assert.equal(sharing.info.threads, 2);
  assert.equal(sharing.info.threadsReason, undefined);
  assert.equal(unsharing.info.threads, 1);
  assert.match(unsharing.info.threadsReason, /Bun/);
});

for (const model of [sharing, unsharing]) {
  const isShared = model === sharing;
  describe(isShared ? 'generate, by shared memory' : 'generate, by messages alone', () => {
    after(() => model.close());
    const prompts = {
      prefill: run({ pieces: ['never'], prefill: 4096, prefillMs: 20_000 }),
      decode: run({ pieces: Array(4000).fill('x '), pieceMs: 5 }),
      ...(isShared && { 'one long step': run({ spin: true }) }),
    };

    for (const [stage, prompt] of Object.entries(prompts)) {
      test(`within ${stage}`, async () => {
        const controller = new AbortController();
        const reason = new Error('enough');
        const generation = model.generate(prompt, { signal: controller.signal });
        const reading = (async () => {
          for await (const piece of generation) assert.ok(piece);
        })();
        const texts = generation.text();
        setTimeout(() => controller.abort(reason), 80);
        const began = performance.now();
        await assert.rejects(reading, (error) => error.cause === reason && sottoError('cancelled')(error));
        await assert.rejects(texts, sottoError('cancelled'));
        const result = await generation.result;
        assert.equal(result.finishReason, 'cancelled');
        assert.ok(performance.now() - began < 3000, 'the core stopped');
        assert.equal(await model.generate('next').text(), 'next');
      });

      test(`within ${stage}, by its time`, async () => {
        const generation = model.generate(prompt, { timeout: 60 });
        await assert.rejects(generation.text(), sottoError('deadline_exceeded'));
        assert.equal((await generation.result).finishReason, 'deadline');
      });
    }

    test('before it began', async () => {
      const generation = model.generate('a b', { signal: AbortSignal.abort() });
      await assert.rejects(generation.text(), sottoError('cancelled'));
      assert.deepEqual((await generation.result).tokens, []);
    });

    test('leaving the loop frees the session', async () => {
      const generation = model.generate(prompts.decode);
      for await (const { text } of generation) {
        assert.equal(text, 'x ');
        break;
      }
      const { finishReason, text } = await generation.result;
      assert.equal(finishReason, 'cancelled');
      assert.ok(text.startsWith('x '));
      assert.equal(await model.generate('next').text(), 'next');
    });

    test('cancel(), and then at once the next request', async () => {
      const generation = model.generate(prompts.decode);
      await generation[Symbol.asyncIterator]().next();
      generation.cancel();
      generation.cancel();
      const next = model.generate('next');
      await assert.rejects(generation.text(), sottoError('cancelled'));
      assert.equal(await next.text(), 'next');
      assert.equal((await generation.result).finishReason, 'cancelled');
    });

    test('a stream that is cancelled', async () => {
      const generation = model.generate(prompts.decode);
      const reader = generation.toReadableStream().getReader();
      await reader.read();
      await reader.cancel();
      assert.equal((await generation.result).finishReason, 'cancelled');
    });

    test('at random moments: nothing is left', async () => {
      for (let i = 0; i < 100; ++i) {
        const generation = model.generate(run({ pieces: Array(10).fill('x'), pieceMs: 1 }), { timeout: Math.random() * 20 });
        const { finishReason } = await generation.result;
        assert.ok(['stop', 'deadline'].includes(finishReason), finishReason);
      }
      await until(async () => (await model.memory()).scratchBytes === 0);
    });

    test('a listener that throws ends it', async () => {
      const generation = model.generate('a b').onPrefill(() => {
        throw new Error('mine');
      });
      await assert.rejects(generation.text(), sottoError('invalid_argument'));
      await assert.rejects(generation.result, sottoError('invalid_argument'));
    });
  });
}

test('short calls take a signal and a time too', async () => {
  const model = await loadFake();
  const signal = AbortSignal.abort();
  await assert.rejects(model.tokenize('a', { signal }), sottoError('cancelled'));
  await assert.rejects(model.decode([1], { signal }), sottoError('cancelled'));
  await assert.rejects(model.applyTemplate([], { signal }), sottoError('cancelled'));
  await assert.rejects(model.newSession({ signal }), sottoError('cancelled'));
  const busy = model.generate(run({ spin: true }));
  await sleep(50);
  await assert.rejects(model.tokenize('a', { timeout: 30 }), sottoError('deadline_exceeded'));
  busy.cancel();
  assert.deepEqual(await model.tokenize('a'), [97, 0]);
  await model.close();
});
