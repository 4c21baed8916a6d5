/** How a session draws tokens. Pages of Chrome choose a mode, extensions numbers. */
import type { GenerationOptions } from '../types.ts';
import type { CoreOptions, Params, SamplingMode } from './types.ts';

export const PARAMS: Params = { defaultTopK: 40, maxTopK: 128, defaultTemperature: 0.7, maxTemperature: 2 };

const TEMPERATURES: { [mode in SamplingMode]: number } = {
  'most-predictable': 0,
  predictable: 0.3,
  balanced: PARAMS.defaultTemperature,
  creative: 1,
  'most-creative': 1.3,
};

export interface Sampling extends Required<Pick<GenerationOptions, 'topK' | 'temperature'>> {
  /** Null where numbers were given. */
  samplingMode: SamplingMode | null;
}

/** RangeError for numbers below their least, TypeError for modes that do not exist or stand beside numbers. */
export function toSampling({ samplingMode, topK, temperature }: CoreOptions): Sampling {
  const numbers = topK !== undefined || temperature !== undefined;
  if (samplingMode !== undefined && numbers) throw new TypeError('samplingMode excludes topK and temperature');
  if (samplingMode !== undefined && !Object.hasOwn(TEMPERATURES, samplingMode))
    throw new TypeError(`"${samplingMode}" is no sampling mode`);
  const mode = samplingMode ?? 'balanced';
  const wanted = { topK: Math.trunc(topK ?? PARAMS.defaultTopK), temperature: temperature ?? TEMPERATURES[mode] };
  if (!(wanted.topK >= 1)) throw new RangeError(`topK is ${topK}, wanted at least 1`);
  if (!(wanted.temperature >= 0)) throw new RangeError(`temperature is ${temperature}, wanted at least 0`);
  return {
    topK: Math.min(wanted.topK, PARAMS.maxTopK),
    temperature: Math.min(wanted.temperature, PARAMS.maxTemperature),
    samplingMode: numbers ? null : mode,
  };
}
