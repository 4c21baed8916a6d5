/** How far a load is: phase, bytes, speed, time that remains. */
import type { Progress } from '../../src/types.ts';
import { announce } from './announce.ts';
import { freshId, h } from './dom.ts';
import { bytes, percent, rate, remaining } from './format.ts';

export class ProgressView {
  readonly element: HTMLElement;
  readonly #phase = h('p', { id: freshId('phase') }, 'Starting');
  readonly #bar = h('progress', { 'aria-labelledby': this.#phase.id, max: 1 });
  readonly #done = h('span');
  readonly #pace = h('span');
  #announced = '';

  constructor() {
    this.element = h('div', { class: 'body' }, this.#phase, this.#bar, h('p', { class: 'pace' }, this.#done, this.#pace));
  }

  update(progress: Progress): void {
    const phase = phaseText(progress);
    const share = progress.total ? Math.min(progress.loaded / progress.total, 1) : 0;
    this.#phase.textContent = phase;
    const measured = progress.phase !== 'warm-up' && progress.total > 0;
    if (measured) this.#bar.value = share;
    else this.#bar.removeAttribute('value'); // of unknown length
    this.#done.textContent = measured ? `${bytes(progress.loaded)} of ${bytes(progress.total)}` : '';
    this.#pace.textContent = measured ? pace(progress) : '';
    // Heard at the start of each phase and at each quarter of it.
    const milestone = `${progress.phase} ${Math.floor(share * 4)}`;
    if (milestone !== this.#announced) announce(measured ? `${phase}, ${percent(share)}` : phase);
    this.#announced = milestone;
  }
}

function phaseText({ phase, file, fromStore }: Progress): string {
  switch (phase) {
    case 'download':
      return `Downloading ${file}`;
    case 'read':
      return fromStore ? `Reading ${file} from this browser` : `Reading ${file}`;
    case 'warm-up':
      return 'Warming up';
  }
}

function pace({ bytesPerSecond, remaining: seconds }: Progress): string {
  if (!bytesPerSecond) return '';
  const speed = `${rate(bytesPerSecond / 1e6)} MB/s`;
  return seconds === undefined ? speed : `${speed}, ${remaining(seconds)}`;
}
