/** Measures the loaded model: prompt and answer tokens per second, medians of several rounds. */
import type { GenerationResult, Model } from '../../src/types.ts';
import { median } from './format.ts';

export interface BenchResult {
  promptTokens: number;
  newTokens: number;
  rounds: number;
  /** Medians; tokens per second. */
  prefillTps: number;
  decodeTps: number;
  firstTokenMs: number;
}

const text = 'A quiet voice carries further than a loud one when the room is listening. ';
const [promptTokens, newTokens, rounds] = [128, 64, 3];

/** @param onround called before each round, from 1 on. Rejects as the package does, also when cancelled. */
export async function bench(
  model: Model,
  signal: AbortSignal,
  onround: (round: number, of: number) => void,
): Promise<BenchResult> {
  const ids = (await model.tokenize(text.repeat(24), { signal })).slice(0, promptTokens);
  const results: GenerationResult[] = [];
  for (let round = 1; round <= rounds; ++round) {
    onround(round, rounds);
    const result = await model.generate(ids, { maxTokens: newTokens, temperature: 0, ignoreEos: true, signal }).result;
    signal.throwIfAborted();
    results.push(result);
  }
  const middle = (of: (result: GenerationResult) => number) => median(results.map(of));
  return {
    promptTokens: ids.length,
    newTokens,
    rounds,
    prefillTps: middle(({ timings }) => timings.prefillTps),
    decodeTps: middle(({ timings }) => timings.decodeTps),
    firstTokenMs: middle(({ timings }) => timings.firstTokenMs),
  };
}
