// llama.cpp as npm's node-llama-cpp ships it (prebuilt, CPU): one round of prefill and decode on a GGUF file.
//   node llamacpp.mjs MODEL THREADS PROMPT_TOKENS NEW_TOKENS        prints {"prefill_tps": ..., "decode_tps": ...}
import {getLlama} from 'node-llama-cpp';

const [modelPath, threads, nPrompt, nNew] = process.argv.slice(2).map((word, i) => (i === 0 ? word : Number(word)));
const llama = await getLlama({gpu: false, build: 'never', maxThreads: threads, progressLogs: false, logLevel: 'error'});
const model = await llama.loadModel({modelPath});
const context = await model.createContext({contextSize: nPrompt + nNew + 8, batchSize: 512, threads});
const sequence = context.getSequence();
const ids = Array.from({length: nPrompt}, (_, i) => 100 + (i * 7919) % 20000);

const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
// The first evaluation touches the mapped weights.
await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, 16));
await sequence.clearHistory();
const prefill = await seconds(() => sequence.evaluateWithoutGeneratingNewTokens(ids));
let made = 0;
const decode = await seconds(async () => {
  for await (const _ of sequence.evaluate([ids[0]], {temperature: 0, yieldEogToken: true})) if (++made === nNew) break;
});
console.log(JSON.stringify({prefill_tps: nPrompt / prefill, decode_tps: made / decode, new_tokens: made}));
process.exit(0);
