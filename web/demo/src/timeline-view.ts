/** What each token spent, as a picture: one column a token, and below it the layers of the token that is chosen. All figures are
 * also there as text: the chosen token in the caption and as value of the slider, the whole as a table. */
import type { Model } from '../../src/types.ts';
import { button, freshId, h, saveFile, show, svg } from './dom.ts';
import { sentence } from './errors.ts';
import { count, median, milliseconds, percent } from './format.ts';
import { sharesLegend } from './shares.ts';
import { type Cost, parts, readTimeline, type Timeline } from './timeline.ts';

const [width, height] = [320, 96];
const rowHeight = 14;
const short = (n: number) => n.toFixed(2);
const maxColumns = 160; // a longer answer is drawn with several tokens a column

export class TimelineView {
  readonly element: HTMLElement;
  readonly #caption = h('p', { class: 'caption', id: freshId('caption') }, 'Answers leave their timeline here.');
  readonly #columns = svg('svg', { class: 'columns strip', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' });
  readonly #flame = svg('svg', { class: 'strip', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  readonly #chosen = h('p', { class: 'caption' });
  readonly #legend = h('div');
  readonly #table = h('details');
  readonly #save: HTMLElement;
  readonly #slider = h('div', { role: 'slider', tabindex: 0, 'aria-label': 'Token', 'aria-describedby': this.#caption.id });
  readonly #model: Model;
  /** The last answer: how many tokens it has, and what they wrote. */
  #answer = { nTokens: 0, pieces: [] as readonly string[] };
  #isStale = false;
  #isSeen = false;
  #timeline: Timeline | undefined;
  #index = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#save = h(
      'div',
      { class: 'buttons' },
      button('Save trace', () => {
        model.trace().then(
          (trace) => saveFile('sotto-trace.json', 'application/json', JSON.stringify(trace)),
          (error: unknown) => (this.#caption.textContent = sentence(error)),
        );
      }),
    );
    this.#slider.append(this.#columns);
    this.#slider.addEventListener('keydown', (event) => this.#key(event));
    this.#slider.addEventListener('pointerdown', (event) => this.#point(event));
    this.#slider.addEventListener(
      'pointermove',
      (event) => (event.pointerType === 'mouse' || event.buttons) && this.#point(event),
    );
    this.element = h(
      'div',
      { class: 'inside timeline' },
      this.#caption,
      this.#slider,
      this.#flame,
      this.#chosen,
      this.#legend,
      this.#table,
      this.#save,
    );
    this.#showAll(false);
    // A trace is megabytes: it is fetched when somebody looks.
    new IntersectionObserver((entries) => {
      this.#isSeen = entries.at(-1)!.isIntersecting;
      void this.#refresh();
    }).observe(this.element);
  }

  /** An answer began: its trace is not complete before it ends. */
  began(): void {
    this.#isStale = false;
  }

  /** An answer ended. @param pieces what its tokens wrote */
  ended(nTokens: number, pieces: readonly string[]): void {
    this.#answer = { nTokens, pieces };
    this.#isStale = true;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    if (!this.#isStale || !this.#isSeen) return;
    this.#isStale = false;
    this.#timeline = undefined;
    try {
      const timeline = readTimeline((await this.#model.trace()).traceEvents);
      if (timeline && timeline.tokens.length >= this.#answer.nTokens) this.#timeline = timeline;
      else this.#caption.textContent = 'The trace is full, this answer is not in it. Load the model again for a new one.';
    } catch (error) {
      this.#caption.textContent = sentence(error);
    }
    this.#showAll(this.#timeline !== undefined);
    if (!this.#timeline) return;
    this.#draw(this.#timeline);
    this.#choose(this.#timeline.tokens.length > 1 ? 1 : 0);
  }

  #showAll(shown: boolean): void {
    for (const element of [this.#slider, this.#flame, this.#chosen, this.#legend, this.#table, this.#save]) show(element, shown);
  }

  #draw(timeline: Timeline): void {
    const { prefill, tokens } = timeline;
    const steps = tokens.slice(1).map(({ ms }) => ms);
    this.#caption.textContent =
      `Prompt ${milliseconds(prefill.ms)}, then ${count(tokens.length)} tokens` +
      (steps.length
        ? `: half of them in ${milliseconds(median(steps))} or less, the slowest in ${milliseconds(Math.max(...steps))}.`
        : '.');
    this.#slider.setAttribute('aria-valuemin', '1');
    this.#slider.setAttribute('aria-valuemax', String(tokens.length));
    const columns = grouped(tokens);
    // The slowest tenth may leave the picture: else one hiccup would press all others flat.
    const top = [...columns].map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(columns.length * 0.98)]! * 1.15 || 1;
    const step = width / columns.length;
    const gap = step > 4 ? 1 : 0;
    this.#columns.replaceChildren(
      ...parts.map((_, part) => {
        let d = '';
        columns.forEach((cost, i) => {
          const below = cost.parts.slice(0, part).reduce((sum, ms) => sum + ms, 0);
          const y = height * (1 - (below + cost.parts[part]!) / top);
          const tall = (height * cost.parts[part]!) / top;
          if (tall > 0.05)
            d += `M${short(i * step)} ${short(y)}h${short(step - gap)}v${short(tall)}h${short(gap - step)}z`;
        });
        return svg('path', { class: `part-${part + 1}`, d });
      }),
      svg('rect', { class: 'marker', y: 1, height: height - 2, rx: 2 }),
    );
    this.#legend.replaceChildren(sharesLegend(partShares(tokens.slice(1))));
    this.#table.replaceChildren(h('summary', {}, 'As a table'), table(timeline));
  }

  #choose(index: number): void {
    const tokens = this.#timeline?.tokens ?? [];
    this.#index = Math.min(Math.max(index, 0), tokens.length - 1);
    const cost = tokens[this.#index];
    if (!cost) return;
    const text = this.#answer.pieces[this.#index] ?? '';
    const figures = parts.map(({ label }, i) => `${label.toLowerCase()} ${milliseconds(cost.parts[i]!)}`).join(', ');
    const name = `Token ${this.#index + 1}`;
    this.#chosen.replaceChildren(
      `${name} `,
      ...(text ? [h('span', { class: 'token' }, text.replace(/\n/g, '\u23ce'))] : []),
      ` ${milliseconds(cost.ms)}: ${this.#index === 0 ? 'computed by the prompt, only chosen here' : figures}`,
    );
    this.#slider.setAttribute('aria-valuenow', String(this.#index + 1));
    this.#slider.setAttribute(
      'aria-valuetext',
      `${name}${text.trim() ? `, ${text.trim()}` : ''}, ${milliseconds(cost.ms)}: ${figures}`,
    );
    this.#mark(tokens.length);
    this.#drawFlame(cost);
  }

  #mark(nTokens: number): void {
    const columns = Math.min(nTokens, maxColumns);
    const column = Math.floor((this.#index * columns) / nTokens);
    const marker = this.#columns.querySelector('.marker')!;
    const wide = Math.max(width / columns, 3);
    marker.setAttribute('x', String(Math.min(Math.max((column + 0.5) * (width / columns) - wide / 2, 0), width - wide)));
    marker.setAttribute('width', String(wide));
  }

  #drawFlame(cost: Cost): void {
    const depth = Math.max(0, ...cost.spans.map((span) => span.depth));
    const tall = (depth + 1) * rowHeight;
    this.#flame.setAttribute('viewBox', `0 0 ${width} ${tall}`);
    this.#flame.setAttribute('height', String(tall));
    const scale = width / (cost.ms || 1);
    this.#flame.replaceChildren(
      ...cost.spans.map((span) =>
        svg(
          'rect',
          {
            class: `part-${span.part + 1}`,
            x: short(span.start * scale),
            y: span.depth * rowHeight,
            width: short(Math.max(span.ms * scale - 0.4, 0.2)),
            height: rowHeight - 1,
          },
          svg('title', {}, `${span.name}${span.index === undefined ? '' : ` ${span.index}`}: ${milliseconds(span.ms)}`),
        ),
      ),
    );
  }

  #key(event: KeyboardEvent): void {
    const last = (this.#timeline?.tokens.length ?? 1) - 1;
    const moves: Record<string, number> = {
      ArrowRight: this.#index + 1,
      ArrowUp: this.#index + 1,
      ArrowLeft: this.#index - 1,
      ArrowDown: this.#index - 1,
      PageUp: this.#index + 10,
      PageDown: this.#index - 10,
      Home: 0,
      End: last,
    };
    const index = moves[event.key];
    if (index === undefined) return;
    event.preventDefault();
    this.#choose(index);
  }

  #point(event: PointerEvent): void {
    const box = this.#columns.getBoundingClientRect();
    this.#choose(Math.floor(((event.clientX - box.left) / box.width) * (this.#timeline?.tokens.length ?? 0)));
  }
}

/** At most `maxColumns`; several tokens in one column are their mean. */
function grouped(tokens: readonly Cost[]): Cost[] {
  const n = Math.min(tokens.length, maxColumns);
  return Array.from({ length: n }, (_, i) => {
    const some = tokens.slice(Math.ceil((i * tokens.length) / n), Math.ceil(((i + 1) * tokens.length) / n));
    const mean = (of: (cost: Cost) => number) => some.reduce((sum, cost) => sum + of(cost), 0) / some.length;
    return { ms: mean(({ ms }) => ms), parts: parts.map((_part, part) => mean((cost) => cost.parts[part]!)), spans: [] };
  });
}

function partShares(tokens: readonly Cost[]) {
  const total = tokens.reduce((sum, { ms }) => sum + ms, 0) || 1;
  return parts.map(({ label }, i) => {
    const value = tokens.reduce((sum, cost) => sum + cost.parts[i]!, 0);
    return { label, value, told: percent(value / total) };
  });
}

function table({ prefill, tokens }: Timeline): HTMLElement {
  const steps = tokens.slice(1);
  const row = (label: string, of: (cost: Cost) => number) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, label),
      h('td', {}, milliseconds(of(prefill))),
      h('td', {}, steps.length ? milliseconds(median(steps.map(of))) : ''),
      h('td', {}, milliseconds(steps.reduce((sum, cost) => sum + of(cost), 0))),
    );
  return h(
    'table',
    { class: 'sheet' },
    h('thead', {}, h('tr', {}, ...['Part', 'Prompt', 'A token', 'All tokens'].map((label) => h('th', { scope: 'col' }, label)))),
    h(
      'tbody',
      {},
      ...parts.map(({ label }, i) => row(label, (cost) => cost.parts[i]!)),
      row('Together', ({ ms }) => ms),
    ),
  );
}
