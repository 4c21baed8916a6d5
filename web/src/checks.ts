/** What single values must be. A check tells its faults, all of them, by the name of the field. */
import { SottoError } from './errors.ts';

export type Check = (value: unknown, name: string, faults: Faults) => void;

/** At most so many faults of one list are told. */
const maxPerList = 8;

export class Faults {
  readonly #sentences: string[] = [];
  readonly #names = new Set<string>();

  /** `name` may hold an index: what is named as the error's `where` is the field. */
  add(name: string, sentence: string): void {
    this.#sentences.push(`${name} ${sentence}`);
    this.#names.add(name.replace(/\[.*/, ''));
  }
  wanted(name: string, value: unknown, wanted: string): void {
    this.add(name, `is ${describe(value)}, wanted ${wanted}`);
  }
  get count(): number {
    return this.#sentences.length;
  }
  raise(): void {
    if (this.#sentences.length === 0) return;
    throw new SottoError('invalid_argument', this.#sentences.join('; '), { where: [...this.#names].join(', ') });
  }
}

export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}...` : value);
    case 'bigint':
      return `${value}n`;
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A check by a predicate. */
export const such =
  (test: (value: unknown) => boolean, wanted: string): Check =>
  (value, name, faults) => {
    if (!test(value)) faults.wanted(name, value, wanted);
  };

export const real = (min: number, max: number): Check =>
  such((value) => typeof value === 'number' && value >= min && value <= max, `${min} to ${max}`);
export const whole = (min: number, max: number): Check =>
  such((value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max, `a whole number, ${min} to ${max}`);
export const flag: Check = such((value) => typeof value === 'boolean', 'true or false');
export const text: Check = such((value) => typeof value === 'string', 'a string');
export const callback: Check = such((value) => typeof value === 'function', 'a function');
export const oneOf = (...names: string[]): Check => such((value) => names.includes(value as string), names.join(', '));

export const list =
  (entry: Check, wanted: string, maxLength: number): Check =>
  (value, name, faults) => {
    if (!Array.isArray(value)) return faults.wanted(name, value, wanted);
    if (value.length > maxLength) return faults.add(name, `has ${value.length} entries, wanted at most ${maxLength}`);
    const before = faults.count;
    for (let i = 0; i < value.length && faults.count < before + maxPerList; ++i) entry(value[i], `${name}[${i}]`, faults);
  };

/** Exactly these fields. */
export const record =
  (fields: Record<string, Check>): Check =>
  (value, name, faults) => {
    if (!isRecord(value)) return faults.wanted(name, value, `{${Object.keys(fields).join(', ')}}`);
    checkFields(fields, value, `${name}.`, faults);
    for (const key of Object.keys(fields)) if (value[key] === undefined) faults.add(`${name}.${key}`, 'is missing');
  };

/** What is undefined counts as not given. */
export function checkFields(fields: Record<string, Check>, value: Record<string, unknown>, prefix: string, faults: Faults): void {
  for (const [key, entry] of Object.entries(value)) {
    const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!check) faults.add(`${prefix}${key}`, 'is unknown');
    else if (entry !== undefined) check(entry, `${prefix}${key}`, faults);
  }
}
