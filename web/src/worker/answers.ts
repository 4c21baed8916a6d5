/** The core's answers are JSON: {"value"} or {"error"}. */
import { fromWire, messageOf, SottoError } from '../errors.ts';
import type { WireError } from '../errors.ts';
import { fromCoreJson } from '../names.ts';

/** `T` is what core.d.ts says the value is, in camelCase. */
export function valueOf<T>(answer: string): T {
  const { value, error } = fromCoreJson(answer) as { value?: T; error?: WireError };
  if (error) throw fromWire(error);
  return value as T;
}

/** After these the module's memory may be in any state: nothing can be computed with it. */
export function isFatal(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

export const lost = (cause: unknown): SottoError =>
  new SottoError('worker_lost', `the engine stopped: ${messageOf(cause)}`, { cause });
