// One round in a page: the package, or the engine's own harness (bench/wasm/engine_bench.cpp), doing the same work.
const ids = (n) => Array.from({ length: n }, (_, i) => 100 + ((i * 7919) % 20000));

/** As the harness: 32 tokens and 8 new ones first, since browsers compile well what they have seen running. Times are the page's. */
export async function packageRound(sotto, url, { threads, prompt, new: maxTokens, variant = 'simd128' }) {
  const begun = performance.now();
  const model = await sotto.load(url, { threads, variant, context: prompt + maxTokens, storage: 'none' });
  const loadMs = performance.now() - begun;
  await model.generate(ids(Math.min(32, prompt)), { maxTokens: 8, ignoreEos: true }).result;
  const asked = performance.now();
  const generation = model.generate(ids(prompt), { maxTokens, ignoreEos: true });
  const times = [];
  for await (const piece of generation) if (piece.token !== undefined) times.push(performance.now());
  const { timings } = await generation.result;
  await model.close();
  const [first] = times;
  return {
    loadMs,
    prefillTps: (prompt * 1000) / (first - asked),
    decodeTps: ((times.length - 1) * 1000) / (times.at(-1) - first),
    corePrefillTps: timings.prefillTps,
    coreDecodeTps: timings.decodeTps,
  };
}

export async function harnessRound(_, url, work) {
  const { default: start } = await import('/harness/engine_bench_page.mjs');
  const model = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let output = '';
  let errors = '';
  const status = await new Promise((ended, failed) => {
    start({
      // The SIMD target of packageRound().
      arguments: [
        ...['/model.gguf', '--rounds', '1', '--target', 'wasm_simd128'],
        ...['threads', 'prompt', 'new'].flatMap((name) => [`--${name}`, String(work[name])]),
      ],
      preRun: [({ FS }) => FS.writeFile('/model.gguf', model, { canOwn: true })],
      print: (line) => (output += line),
      printErr: (line) => (errors += `${line}\n`),
      onExit: ended,
      onAbort: failed,
    }).catch(failed);
  });
  if (status !== 0) throw new Error(`status ${status}: ${errors}`);
  const told = JSON.parse(output);
  return { loadMs: told.load_ms, prefillTps: told.prefill_tps, decodeTps: told.decode_tps };
}

/** What a page does to show an answer, and nothing else. Marks tell the phases in a recorded timeline. */
export async function watchedRound(sotto, url, { threads, new: maxTokens }) {
  performance.mark('sotto load');
  const model = await sotto.load(url, { threads, onProgress: () => undefined });
  performance.mark('sotto loaded');
  const { linearBytes } = await model.memory();
  performance.mark('sotto generate');
  let text = '';
  for await (const piece of model.generate('Once upon a time', { maxTokens, ignoreEos: true })) text += piece.text;
  performance.mark('sotto generated');
  const afterwards = await model.memory();
  await model.close();
  return { characters: text.length, loadedBytes: linearBytes, linearBytes: afterwards.linearBytes };
}

/** Milliseconds of a load that keeps the file, of one from the store, of one that keeps nothing. */
export async function loadRound(sotto, url, { threads }) {
  const timed = async (storage) => {
    const begun = performance.now();
    const model = await sotto.load(url, { threads, storage });
    const ms = performance.now() - begun;
    await model.close();
    return ms;
  };
  const kept = await timed('auto');
  const stored = await timed('auto');
  await sotto.models.clear();
  return { kept, stored, unkept: await timed('none') };
}
