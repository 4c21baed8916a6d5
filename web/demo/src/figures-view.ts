/** Live figures: speed, first token, memory, context, and how the model runs here. */
import type { MemoryReport, Model } from '../../src/types.ts';
import { h } from './dom.ts';
import { bytes, count, milliseconds, plural, rate } from './format.ts';
import type { Meter } from './meter.ts';

const everyMs = 500; // while an answer comes

export class FiguresView {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #meter: Meter;
  readonly #speed = h('dd', {}, '\u2013');
  readonly #first = h('dd', {}, '\u2013');
  readonly #memory = h('dd', {}, '\u2013');
  readonly #tokens = h('dd', {}, '\u2013');
  readonly #detail = h('dd', {}, '\u2013');
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(model: Model, meter: Meter) {
    this.#model = model;
    this.#meter = meter;
    const { info } = model;
    const pair = (label: string, value: HTMLElement | string) => [
      h('dt', {}, label),
      typeof value === 'string' ? h('dd', {}, value) : value,
    ];
    const big = (label: string, value: HTMLElement) => h('div', {}, ...pair(label, value));
    this.element = h(
      'div',
      { class: 'inside' },
      h(
        'dl',
        { class: 'figures' },
        big('Tokens a second', this.#speed),
        big('First token', this.#first),
        big('Memory', this.#memory),
        big('Read + written', this.#tokens),
      ),
      h(
        'dl',
        { class: 'facts-list' },
        ...pair('Runs on', `${plural(info.threads, 'thread')}, ${info.variant === 'relaxed' ? 'relaxed SIMD' : 'SIMD128'}`),
        ...(info.threadsReason ? pair('One thread', info.threadsReason) : []),
        ...pair('Memory for', this.#detail),
        ...pair(
          'Model',
          `${info.architecture}, ${count(info.parameters / 1e6)} M parameters, ${info.nLayers} layers, ` +
            `loaded in ${milliseconds(info.loadMs)}`,
        ),
      ),
      ...info.warnings.map((warning) => h('p', { class: 'note' }, warning)),
    );
  }

  /** An answer began: follow it until `end`. */
  follow(): void {
    this.draw();
    this.#timer ??= setInterval(() => this.draw(), everyMs);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.draw();
  }

  draw(): void {
    const { tps, firstTokenMs, prefill, result, tokens } = this.#meter;
    if (tps !== undefined) this.#speed.textContent = rate(tps);
    if (firstTokenMs !== undefined) this.#first.textContent = milliseconds(firstTokenMs);
    const read = result?.usage.promptTokens ?? prefill?.total;
    if (read !== undefined) this.#tokens.textContent = `${count(read)} + ${count(result?.usage.completionTokens ?? tokens)}`;
    // A model that is closed, or whose worker is lost, has no memory to tell of; the answer itself says so.
    this.#model.memory().then(
      (memory) => this.#showMemory(memory),
      () => (this.#memory.textContent = '\u2013'),
    );
  }

  #showMemory({ weightsBytes, tokenizerBytes, kvBytes, scratchBytes, linearBytes }: MemoryReport): void {
    this.#memory.textContent = bytes(linearBytes);
    this.#detail.textContent =
      `weights ${bytes(weightsBytes)}, tokenizer ${bytes(tokenizerBytes)}, cache ${bytes(kvBytes)}, ` +
      `working space ${bytes(scratchBytes)}`;
  }
}
