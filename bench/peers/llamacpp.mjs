// llama.cpp as npm's node-llama-cpp ships it (prebuilt, CPU). One measurement per process, one JSON object on stdout:
//   node llamacpp.mjs speed MODEL THREADS PROMPT_TOKENS NEW_TOKENS    {"prefill_tps", "decode_tps"}
//   node llamacpp.mjs first MODEL THREADS PROMPT_TOKENS               {"inside_ms"}: from the request to load the file to the first token
//   node llamacpp.mjs tokenize MODEL TEXT_FILE REPEATS                {"tokenize_ms", "tokens"}: the best repeat, ids as the package returns them
import {readFileSync} from 'node:fs';
import {getLlama} from 'node-llama-cpp';

const [what, modelPath, ...words] = process.argv.slice(2);

const engine = (threads) => getLlama({gpu: false, build: 'never', maxThreads: threads, progressLogs: false, logLevel: 'error'});
const prompt = (n) => Array.from({length: n}, (_, i) => 100 + (i * 7919) % 20000);
const milliseconds = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

async function open(llama, threads, contextSize) {
  const model = await llama.loadModel({modelPath});
  const context = await model.createContext({contextSize, batchSize: 512, threads});
  return context.getSequence();
}

// How many of `wanted` new tokens it made; an end token is one like any other.
async function generate(sequence, ids, wanted) {
  let made = 0;
  for await (const _ of sequence.evaluate(ids, {temperature: 0, yieldEogToken: true})) if (++made === wanted) break;
  return made;
}

async function speed(threads, nPrompt, nNew) {
  const sequence = await open(await engine(threads), threads, nPrompt + nNew + 8);
  const ids = prompt(nPrompt);
  // The first evaluation touches the mapped weights.
  await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, 16));
  await sequence.clearHistory();
  const prefill = await milliseconds(() => sequence.evaluateWithoutGeneratingNewTokens(ids));
  let made = 0;
  const decode = await milliseconds(async () => (made = await generate(sequence, [ids[0]], nNew)));
  return {prefill_tps: 1000 * nPrompt / prefill, decode_tps: 1000 * made / decode};
}

async function first(threads, nPrompt) {
  const llama = await engine(threads);
  return {inside_ms: await milliseconds(async () => generate(await open(llama, threads, 512), prompt(nPrompt), 1))};
}

async function tokenize(textPath, repeats) {
  const model = await (await engine(1)).loadModel({modelPath, vocabOnly: true});
  const text = readFileSync(textPath, 'utf8');
  let best = Infinity, ids = [];
  for (let i = 0; i < repeats; ++i) best = Math.min(best, await milliseconds(() => (ids = model.tokenize(text))));
  return {tokenize_ms: best, tokens: ids.length};
}

const figures = what === 'speed' ? await speed(...words.map(Number))
  : what === 'first' ? await first(...words.map(Number))
  : await tokenize(words[0], Number(words[1]));
console.log(JSON.stringify(figures));
process.exit(0);
