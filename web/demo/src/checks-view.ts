/** Self-test and bench, with a report to copy. */
import type { MemoryReport, Model } from '../../src/types.ts';
import { announce } from './announce.ts';
import { bench } from './bench.ts';
import { button, copyButton, h, show } from './dom.ts';
import { sentence } from './errors.ts';
import { plural } from './format.ts';
import { benchRows, markdownReport, type Report } from './report.ts';
import { type Check, selfTest } from './self-test.ts';

const outcomes: Record<Check['outcome'], string> = { pass: 'Right', note: 'Note', fail: 'Wrong' };

export class ChecksView {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #report: Report;
  readonly #status = h('p', { class: 'soft' });
  readonly #list = h('ul', { class: 'checks' });
  readonly #rows = h('tbody');
  readonly #table: HTMLElement;
  readonly #copy: HTMLElement;
  readonly #starts: HTMLButtonElement[];
  readonly #stop = button('Stop', () => this.#running?.abort());
  readonly #onbusy: (busy: boolean) => void;
  #running: AbortController | undefined;

  /** @param onbusy told when a test begins and ends: an answer that runs beside it would spoil it */
  constructor(model: Model, title: string, onbusy: (busy: boolean) => void) {
    this.#model = model;
    this.#onbusy = onbusy;
    this.#report = { title, info: model.info };
    this.#table = h(
      'table',
      { class: 'sheet' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Bench'), h('th', { scope: 'col' }, 'Median of 3'))),
      this.#rows,
    );
    this.#copy = copyButton('Copy report', () => markdownReport(this.#report));
    this.#starts = [
      button('Self-test', () => void this.#run((signal) => this.#test(signal))),
      button('Bench', () => void this.#run((signal) => this.#bench(signal))),
    ];
    this.element = h(
      'div',
      { class: 'inside' },
      h(
        'p',
        { class: 'soft' },
        'The self-test checks that this browser computes what it should. The bench takes up to a minute.',
      ),
      h('div', { class: 'buttons' }, ...this.#starts, this.#stop),
      this.#status,
      this.#list,
      this.#table,
      h('div', { class: 'buttons' }, this.#copy),
    );
    for (const element of [this.#stop, this.#status, this.#table, this.#copy]) show(element, false);
  }

  /** While an answer comes, neither can begin: they would measure each other. */
  set blocked(blocked: boolean) {
    for (const start of this.#starts) start.disabled = blocked || this.#running !== undefined;
  }

  async #run(work: (signal: AbortSignal) => Promise<string>): Promise<void> {
    const running = (this.#running = new AbortController());
    this.blocked = true;
    this.#onbusy(true);
    show(this.#stop, true);
    this.#stop.focus();
    let said: string;
    try {
      said = await work(running.signal);
    } catch (error) {
      said = this.#say(running.signal.aborted ? 'Stopped.' : sentence(error));
    }
    announce(said);
    const hadFocus = document.activeElement === this.#stop;
    show(this.#stop, false);
    this.#running = undefined;
    this.blocked = false;
    this.#onbusy(false);
    if (hadFocus) (this.#copy.hidden ? this.#starts[0]! : this.#copy).focus();
  }

  async #test(signal: AbortSignal): Promise<string> {
    this.#list.replaceChildren();
    this.#say('Testing');
    const { models } = await import('sotto');
    const checks = await selfTest(this.#model, models, signal, ({ name, outcome, detail }) => {
      this.#list.append(
        h(
          'li',
          { 'data-outcome': outcome },
          h('span', { class: 'outcome' }, outcomes[outcome]),
          h('span', {}, h('strong', {}, name), ` ${detail}`),
        ),
      );
    });
    await this.#keep({ checks });
    const wrong = checks.filter(({ outcome }) => outcome === 'fail').length;
    const notes = checks.filter(({ outcome }) => outcome === 'note').length;
    if (wrong) return this.#say(`${wrong} of ${checks.length} checks are wrong.`);
    return this.#say(
      notes ? `Nothing is wrong; ${plural(notes, 'check')} could be better here.` : `All ${checks.length} checks are right.`,
    );
  }

  async #bench(signal: AbortSignal): Promise<string> {
    const result = await bench(this.#model, signal, (round, of) => this.#say(`Round ${round} of ${of}`));
    const rows = benchRows(result);
    this.#rows.replaceChildren(
      ...rows.map(([label, value]) => h('tr', {}, h('th', { scope: 'row' }, label!), h('td', {}, value!))),
    );
    show(this.#table, true);
    await this.#keep({ bench: result });
    this.#say('');
    return `Measured: ${rows.map((row) => row.join(', ')).join('; ')}.`;
  }

  async #keep(found: Partial<Report>): Promise<void> {
    const memory: MemoryReport = await this.#model.memory();
    Object.assign(this.#report, found, { memory });
    show(this.#copy, true);
  }

  #say(text: string): string {
    this.#status.textContent = text;
    show(this.#status, text !== '');
    return text;
  }
}
