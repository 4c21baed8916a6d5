// Aborts at random moments; runs in a page and in Node. Milliseconds from the abort to the end of what was awaited (`settled`), to the
// result with which the engine has stopped (`stopped`), and to the answer of a one-token request that follows (`idle`).
const longPromptTokens = 1500;
const ids = (n) => Array.from({ length: n }, (_, i) => 100 + ((i * 7919) % 20000));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const greedy = { maxTokens: 8 };
const question = ids(24);

/** Aborts what `start` begins after `wait`; the time it takes to settle. */
async function abortAfter(wait, start) {
  const controller = new AbortController();
  const settled = start(controller.signal).then(
    () => 'done before',
    (error) => error.code,
  );
  await wait();
  const aborted = performance.now();
  controller.abort();
  const outcome = await settled;
  if (!['cancelled', 'done before'].includes(outcome)) throw new Error(`the abort ended in ${outcome}`);
  return { aborted, settled: performance.now() - aborted, outcome };
}

async function abortLoads(sotto, open, count) {
  await (await open()).close(); // the first one compiles
  const begun = performance.now();
  const model = await open();
  const loadMs = performance.now() - begun;
  await model.close();
  const rounds = [];
  for (let i = 0; i < count; ++i) {
    let late;
    const wait = () => sleep(Math.random() * loadMs);
    rounds.push(await abortAfter(wait, async (signal) => (late = await open({ signal }))));
    await late?.close();
  }
  return rounds;
}

/** `begin(signal)`: a generation; `wait(generation)`: until a moment that is random. */
async function abortGenerations(model, expected, count, begin, wait) {
  const rounds = [];
  for (let i = 0; i < count; ++i) {
    let generation;
    const round = await abortAfter(
      () => wait(generation),
      (signal) => (generation = begin(signal)).text(),
    );
    await generation.result;
    const stopped = performance.now() - round.aborted;
    await model.generate([1], { maxTokens: 1 }).result;
    rounds.push({ ...round, stopped, idle: performance.now() - round.aborted });
    const { tokens } = await model.generate(question, greedy).result;
    if (String(tokens) !== String(expected)) throw new Error(`after an abort ${tokens}, afresh ${expected}`);
  }
  return rounds;
}

/** `counts`: of loads, of prefills, of decodes. */
export async function cancelRounds(sotto, source, options, counts) {
  const open = (more) => sotto.load(source, { ...options, ...more });
  const load = await abortLoads(sotto, open, counts.load);
  const model = await open();
  const { tokens: expected } = await model.generate(question, greedy).result;
  const tiny = [];
  for (let i = 0; i < 20; ++i) {
    const begun = performance.now();
    await model.generate([1], { maxTokens: 1 }).result;
    tiny.push(performance.now() - begun);
  }
  const long = { maxTokens: 500, ignoreEos: true };
  const prefill = await abortGenerations(
    model,
    expected,
    counts.prefill,
    (signal) => model.generate(ids(longPromptTokens), { ...long, signal }),
    () => sleep(Math.random() * 2000),
  );
  const decode = await abortGenerations(
    model,
    expected,
    counts.decode,
    (signal) => model.generate(question, { ...long, signal }),
    async (generation) => {
      await generation[Symbol.asyncIterator]().next();
      await sleep(Math.random() * 800);
    },
  );
  await model.close();
  return { load, prefill, decode, tiny };
}
