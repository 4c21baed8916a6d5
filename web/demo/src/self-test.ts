/** Checks the loaded model and this browser: the same text twice, stopping, threads, instructions, storage. */
import type { Generation, GenerationResult, Model, ModelStore } from '../../src/types.ts';
import { sentence, told } from './errors.ts';
import { bytes, milliseconds, plural } from './format.ts';

export interface Check {
  name: string;
  /** `note`: works, but not as well as it could. */
  outcome: 'pass' | 'note' | 'fail';
  detail: string;
}

const prompt = 'Counting: one, two, three, four,';
const maxTokens = 16;

/** Never rejects but when cancelled: what fails is a check that failed. @param oncheck called for each one */
export async function selfTest(
  model: Model,
  store: ModelStore,
  signal: AbortSignal,
  oncheck: (check: Check) => void,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, run] of [
    ['Same text twice', () => sameText(model, signal)],
    ['Stops at once', () => stops(model, signal)],
    ['Threads', async () => threads(model)],
    ['Instructions', async () => instructions(model)],
    ['Storage', () => storage(store)],
  ] as const) {
    signal.throwIfAborted();
    let check: Check;
    try {
      check = { name, ...(await run()) };
    } catch (error) {
      signal.throwIfAborted();
      check = { name, outcome: 'fail', detail: sentence(error) };
    }
    checks.push(check);
    oncheck(check);
  }
  return checks;
}

type Outcome = Omit<Check, 'name'>;

async function sameText(model: Model, signal: AbortSignal): Promise<Outcome> {
  const results: GenerationResult[] = [];
  for (let round = 0; round < 2; ++round) {
    results.push(await model.generate(prompt, { maxTokens, temperature: 0, ignoreEos: true, signal }).result);
    signal.throwIfAborted();
  }
  const [first, second] = results as [GenerationResult, GenerationResult];
  if (first.tokens.length !== maxTokens)
    return { outcome: 'fail', detail: `${plural(first.tokens.length, 'token')} instead of ${maxTokens}` };
  const differs = first.tokens.findIndex((token, i) => token !== second.tokens[i]);
  if (differs >= 0 || first.text !== second.text)
    return { outcome: 'fail', detail: `Token ${differs + 1} differs from one run to the next` };
  return { outcome: 'pass', detail: `${plural(maxTokens, 'token')}, twice the same: \u201c${first.text.trim()}\u201d` };
}

async function stops(model: Model, signal: AbortSignal): Promise<Outcome> {
  const generation = model.generate(prompt, { maxTokens: 256, ignoreEos: true, signal });
  const asked = await cancelAtFirstPiece(generation);
  const { finishReason } = await generation.result;
  signal.throwIfAborted();
  const ms = performance.now() - asked;
  return finishReason === 'cancelled'
    ? { outcome: ms <= 250 ? 'pass' : 'note', detail: `${milliseconds(ms)} after it was asked to` }
    : { outcome: 'fail', detail: `It ended with \u201c${finishReason}\u201d instead` };
}

/** Settles when the generation has ended; the moment at which that was asked for. */
async function cancelAtFirstPiece(generation: Generation): Promise<number> {
  let asked: number | undefined;
  try {
    for await (const _ of generation) {
      if (asked !== undefined) continue;
      asked = performance.now();
      generation.cancel();
    }
  } catch (error) {
    if (told(error).code !== 'cancelled') throw error;
  }
  return asked ?? performance.now();
}

function threads({ info }: Model): Outcome {
  if (info.threads > 1) return { outcome: 'pass', detail: `${info.threads} threads share its memory` };
  return { outcome: 'note', detail: info.threadsReason ?? 'One thread: this machine has one core' };
}

function instructions({ info }: Model): Outcome {
  return info.variant === 'relaxed'
    ? { outcome: 'pass', detail: 'Relaxed SIMD' }
    : { outcome: 'note', detail: 'SIMD128: relaxed SIMD is not there, or was not chosen' };
}

async function storage(store: ModelStore): Promise<Outcome> {
  const { bytes: used, quotaBytes, persisted } = await store.usage();
  if (!quotaBytes) return { outcome: 'note', detail: 'This browser tells no quota; models may have to be loaded anew' };
  return {
    outcome: persisted ? 'pass' : 'note',
    detail:
      `${bytes(used)} of ${bytes(quotaBytes)} used; ` +
      (persisted ? 'kept until you delete it' : 'the browser may clear it when the disk is full'),
  };
}
