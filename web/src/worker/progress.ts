/** Progress of a load: messages at most every 50 ms, with the speed of the last seconds. */
import type { Progress, ProgressPhase } from '../types.ts';

const intervalMs = 50;
const windowMs = 3000;

export class ProgressMeter {
  readonly #post: (progress: Progress) => void;
  #lastPost = -Infinity;
  #phase = '';
  #file = '';
  /** Times and bytes of this phase within the window, oldest first. */
  #marks: { time: number; loaded: number }[] = [];

  constructor(post: (progress: Progress) => void) {
    this.#post = post;
  }

  /** The first of a phase and of a file, and the last, are told in any case. */
  tell(phase: ProgressPhase, file: string, loaded: number, total: number, fromStore: boolean): void {
    const now = performance.now();
    const isNew = phase !== this.#phase || file !== this.#file;
    if (!isNew && loaded < total && now - this.#lastPost < intervalMs) return;
    if (phase !== this.#phase) this.#marks = [];
    this.#lastPost = now;
    this.#phase = phase;
    this.#file = file;
    const bytesPerSecond = this.#speed(now, loaded);
    const remaining = bytesPerSecond > 0 ? { remaining: (total - loaded) / bytesPerSecond } : {};
    this.#post({ phase, file, loaded, total, bytesPerSecond, ...remaining, fromStore });
  }

  #speed(time: number, loaded: number): number {
    const marks = this.#marks;
    marks.push({ time, loaded });
    while (marks.length > 2 && time - marks[0]!.time > windowMs) marks.shift();
    const first = marks[0]!;
    return time > first.time ? ((loaded - first.loaded) * 1000) / (time - first.time) : 0;
  }
}
