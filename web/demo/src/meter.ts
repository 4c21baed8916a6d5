/** Times one answer while it comes; the exact figures come with its result. */
import type { GenerationResult } from '../../src/types.ts';

const windowMs = 2000; // of the running speed

export class Meter {
  /** Tokens of the answer so far. */
  tokens = 0;
  running = false;
  /** From the start to the first token; undefined while there is none. */
  firstTokenMs: number | undefined;
  prefill: { done: number; total: number } | undefined;
  result: GenerationResult | undefined;
  #began = 0;
  #recent: number[] = [];

  start(): void {
    Object.assign(this, { tokens: 0, running: true, firstTokenMs: undefined, prefill: undefined, result: undefined });
    this.#began = performance.now();
    this.#recent = [];
  }

  token(): void {
    const now = performance.now();
    this.firstTokenMs ??= now - this.#began;
    ++this.tokens;
    this.#recent.push(now);
    while (this.#recent[0]! < now - windowMs) this.#recent.shift();
  }

  end(result: GenerationResult | undefined): void {
    this.running = false;
    this.result = result;
    if (result && result.timings.firstTokenMs) this.firstTokenMs = result.timings.firstTokenMs;
  }

  /** Tokens per second: over the last two seconds while running, over the whole answer afterwards; undefined: not known. */
  get tps(): number | undefined {
    if (this.result?.timings.decodeTps) return this.result.timings.decodeTps;
    const span = this.#recent.at(-1)! - this.#recent[0]!;
    return this.#recent.length > 2 && span > 0 ? (1000 * (this.#recent.length - 1)) / span : undefined;
  }
}
