// One consumer, from its installation to the comparison with Node.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { open, serve } from '../engine/site.mjs';
import { dist, sotto } from '../engine/support.mjs';
import { consumers } from './consumers.mjs';

const byDefault = fileURLToPath(new URL('../../../../shared/anchors/models/stories260K.f32.gguf', import.meta.url));
const modelPath = resolve(process.env.SOTTO_TEST_MODEL ?? byDefault);

/** Why nothing can be tried. */
export const skip = !existsSync(`${dist}core.mjs`)
  ? 'web/dist has no core: ./run build npm'
  : !existsSync(modelPath)
    ? 'SOTTO_TEST_MODEL names no .gguf file'
    : false;

const question = 'Once upon a time';
let wanted;
/** What this Node gives with one thread. */
const reference = () =>
  (wanted ??= (async () => {
    const model = await sotto.load(modelPath, { threads: 1 });
    const { tokens } = await model.chat([{ role: 'user', content: question }], { maxTokens: 64 }).result;
    await model.close();
    assert.ok(tokens.length > 8);
    return tokens;
  })());

/** {version, threads, threadsReason, variant}. Throws what is wrong; Missing. */
export async function tryConsumer(name) {
  const { unthreaded, try: attempt } = consumers[name];
  const cleanups = [];
  const context = { after: (cleanup) => cleanups.push(cleanup), modelPath, question };
  try {
    const site = await serve(context, dirname(modelPath), { headers: open });
    context.modelUrl = `${site}/${encodeURIComponent(modelPath.slice(dirname(modelPath).length + 1))}`;
    const { version, tokens, threads, threadsReason, variant } = await attempt(context);
    assert.deepEqual(tokens, await reference());
    if (unthreaded) assert.match(threadsReason ?? '', unthreaded);
    else assert.equal(threadsReason, undefined);
    assert.equal(threads, unthreaded ? 1 : Math.min(availableParallelism(), 8));
    return { version, threads, threadsReason, variant };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}
