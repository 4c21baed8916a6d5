/** What a visitor can set for an answer: names and ranges are those of the package's GenerationOptions (web/src/types.ts). */
import type { GenerationOptions } from '../../src/types.ts';
import type { NumberSpec } from './field.ts';
import { Kept } from './store.ts';

export type NumberName =
  | 'maxTokens'
  | 'temperature'
  | 'topK'
  | 'topP'
  | 'minP'
  | 'repeatPenalty'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'penaltyWindow'
  | 'seed';

interface SettingSpec extends NumberSpec {
  name: NumberName;
  /** Shown at once; the rest behind "More". */
  basic: boolean;
}

const maxCount = 2 ** 31 - 1;
const real = { whole: false, basic: false };
const whole = { whole: true, basic: false };

export const specs: readonly SettingSpec[] = [
  { ...whole, basic: true, name: 'maxTokens', label: 'Longest answer', help: 'Tokens', min: 0, max: maxCount, empty: '512' },
  {
    ...real,
    basic: true,
    name: 'temperature',
    label: 'Temperature',
    help: '0: always the likeliest',
    min: 0,
    max: 100,
    empty: '0',
  },
  { ...real, basic: true, name: 'topP', label: 'Top p', help: '1: off', min: 0, max: 1, empty: '0.95' },
  { ...whole, basic: true, name: 'topK', label: 'Top k', help: '0: off', min: 0, max: maxCount, empty: '40' },
  { ...real, name: 'minP', label: 'Min p', help: '0: off', min: 0, max: 1, empty: '0' },
  {
    ...whole,
    name: 'seed',
    label: 'Seed',
    help: 'The same seed, the same answer',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    empty: 'drawn anew',
  },
  { ...real, name: 'repeatPenalty', label: 'Repeat penalty', help: '1: off', min: 0.01, max: 100, empty: '1' },
  { ...whole, name: 'penaltyWindow', label: 'Penalty window', help: 'Last tokens; -1: all', min: -1, max: maxCount, empty: '64' },
  { ...real, name: 'frequencyPenalty', label: 'Frequency penalty', help: '0: off', min: -100, max: 100, empty: '0' },
  { ...real, name: 'presencePenalty', label: 'Presence penalty', help: '0: off', min: -100, max: 100, empty: '0' },
];

export type Numbers = Partial<Record<NumberName, number>>;

export const presets: readonly { name: string; label: string; numbers: Numbers }[] = [
  { name: 'exact', label: 'Exact', numbers: { temperature: 0 } },
  { name: 'balanced', label: 'Balanced', numbers: { temperature: 0.7, topP: 0.95, topK: 40, repeatPenalty: 1.1 } },
  { name: 'lively', label: 'Lively', numbers: { temperature: 1.1, topP: 0.98, topK: 100, repeatPenalty: 1.1 } },
];
/** What a preset sets; the other fields are left alone by it. */
export const presetNames: readonly NumberName[] = ['temperature', 'topP', 'topK', 'minP', 'repeatPenalty'];

export interface Settings {
  numbers: Numbers;
  /** Texts that end an answer. */
  stop: string[];
  /** Said to the model before the conversation; empty: nothing. */
  system: string;
}

export function presetOf(numbers: Numbers): string | undefined {
  return presets.find((preset) => presetNames.every((name) => numbers[name] === preset.numbers[name]))?.name;
}

export function generationOptions({ numbers, stop }: Settings): GenerationOptions {
  return stop.length ? { ...numbers, stop } : { ...numbers };
}

const kept = new Kept('localStorage', 'settings');

/** As left by the visit before; what does not fit is dropped. */
export function readSettings(): Settings {
  const value = kept.read() as Partial<Settings> | undefined;
  const numbers: Numbers = {};
  for (const { name } of specs) {
    const number = value?.numbers?.[name];
    if (typeof number === 'number') numbers[name] = number;
  }
  return {
    numbers: value?.numbers ? numbers : { ...presets[1]!.numbers },
    stop: Array.isArray(value?.stop) ? value.stop.filter((text) => typeof text === 'string' && text !== '') : [],
    system: typeof value?.system === 'string' ? value.system : '',
  };
}

export function keepSettings(settings: Settings): void {
  kept.write(settings);
}
