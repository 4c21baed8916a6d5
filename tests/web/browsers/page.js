// Runs in the browser that is tested: loads the model twice, answers, posts what came of it to /told.
import * as sotto from './index.js';

async function once(options) {
  const fromStore = new Set();
  const model = await sotto.load('/model.gguf', { ...options, onProgress: (progress) => fromStore.add(progress.fromStore) });
  try {
    const { tokens } = await model.generate('Once upon a time', { maxTokens: 24 }).result;
    const generation = model.generate('Once upon a time', { maxTokens: 500, ignoreEos: true });
    for await (const piece of generation) if (piece.token !== undefined) break;
    const again = (await model.generate('Once upon a time', { maxTokens: 24 }).result).tokens;
    const { threads, threadsReason, variant, warnings } = model.info;
    return { tokens, again, threads, threadsReason, variant, warnings, fromStore: fromStore.has(true) };
  } finally {
    await model.close();
  }
}

async function emptyStore() {
  const stored = await sotto.models.list();
  await sotto.models.clear();
  return { stored: stored.map(({ bytes, complete }) => ({ bytes, complete })) };
}

async function tell() {
  const found = {
    agent: navigator.userAgent,
    isolated: globalThis.crossOriginIsolated,
    shares: 'SharedArrayBuffer' in globalThis,
    keeps: Boolean(navigator.storage?.getDirectory),
  };
  const loads = [];
  for (const options of [{ threads: 2 }, { threads: 2 }, { threads: 1, variant: 'simd128' }]) loads.push(await once(options));
  let relaxed = 'runs';
  await once({ threads: 1, variant: 'relaxed' }).catch((error) => (relaxed = `${error.code}: ${error.message}`));
  const { stored, noStore } = await emptyStore().catch((error) => ({ stored: [], noStore: `${error.code}: ${error.message}` }));
  return { ...found, loads, relaxed, stored, noStore };
}

tell()
  .catch((error) => ({ error: `${error?.code}: ${error?.message}; ${error?.cause?.message}\n${error?.stack}` }))
  .then((told) => fetch('/told', { method: 'POST', body: JSON.stringify(told) }));
