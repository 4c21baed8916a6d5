/** From a choice to a loaded model: what it needs, the visitor's yes, the load, each of which can be left. */
import type { LoadOptions, Model, Plan } from '../../src/types.ts';
import { announce, announcer } from './announce.ts';
import { button, freshId, h, show } from './dom.ts';
import { sentence, told } from './errors.ts';
import { type ChosenOptions, LoadOptionsView } from './load-options.ts';
import type { Choice } from './offers.ts';
import { planNodes, planSentence } from './plan-view.ts';
import { ProgressView } from './progress-view.ts';

export interface Loaded {
  model: Model;
  choice: Choice;
  options: ChosenOptions;
}

export class LoadDialog {
  readonly #choice: Choice;
  readonly #title: HTMLElement;
  readonly #element: HTMLDialogElement;
  readonly #body = h('div', { class: 'body' });
  readonly #error = h('p', { class: 'note', 'data-kind': 'error', role: 'alert' });
  readonly #options = new LoadOptionsView(() => void this.#plan());
  readonly #go = button('', () => this.#act(), { class: 'primary' });
  readonly #cancel = button('Cancel', () => this.#leave());
  readonly #finished: Promise<Loaded | undefined>;
  #finish!: (loaded: Loaded | undefined) => void;
  #running = new AbortController();
  /** What the first button does now. */
  #act: () => void = () => undefined;

  private constructor(choice: Choice) {
    this.#choice = choice;
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    const id = freshId('dialog');
    this.#title = h('h2', { id, tabindex: -1 }, choice.title);
    this.#element = h(
      'dialog',
      {
        'aria-labelledby': id,
        oncancel: (event: Event) => {
          event.preventDefault();
          this.#leave();
        },
      },
      this.#title,
      h('p', { class: 'from small soft' }, choice.from),
      this.#body,
      this.#error,
      h('div', { class: 'buttons' }, this.#cancel, this.#go),
      announcer(),
    );
  }

  /** undefined: the visitor left it. */
  static async open(choice: Choice): Promise<Loaded | undefined> {
    const dialog = new LoadDialog(choice);
    document.body.append(dialog.#element);
    dialog.#element.showModal();
    dialog.#title.focus();
    void dialog.#plan();
    const loaded = await dialog.#finished;
    dialog.#element.close(); // the focus goes back to where it was
    dialog.#element.remove();
    return loaded;
  }

  /** Ends what runs, and begins something new. */
  #begin(): AbortSignal {
    this.#running.abort();
    this.#running = new AbortController();
    show(this.#error, false);
    return this.#running.signal;
  }

  async #plan(): Promise<void> {
    const signal = this.#begin();
    this.#offer('Load', () => undefined);
    this.#go.disabled = true;
    // While options change, what was known stays until the new figures are there.
    if (!this.#body.contains(this.#options.element))
      this.#body.replaceChildren(h('p', { class: 'soft' }, 'Reading what it needs'));
    try {
      const { plan } = await import('sotto');
      const result = await plan(this.#choice.source, { ...this.#choice.options, ...this.#options.value, signal });
      if (signal.aborted) return;
      this.#showPlan(result);
    } catch (error) {
      if (!signal.aborted) this.#fail(error, () => void this.#plan());
    }
  }

  #showPlan(plan: Plan): void {
    const notice = this.#choice.notice;
    const nodes = [...planNodes(plan), ...(notice ? [h('p', { class: 'small soft' }, notice)] : [])];
    if (this.#body.contains(this.#options.element)) {
      // Options stay where they are, with the focus in them.
      while (this.#body.firstChild !== this.#options.element) this.#body.firstChild!.remove();
      this.#options.element.before(...nodes);
    } else {
      this.#body.replaceChildren(...nodes, this.#options.element);
    }
    this.#offer(plan.downloadBytes ? 'Download and load' : 'Load', () => void this.#load());
    this.#go.disabled = !plan.fits;
    announce(planSentence(plan));
    // Only from the title: a visitor who is in the options stays there.
    if (plan.fits && document.activeElement === this.#title) this.#go.focus();
  }

  async #load(): Promise<void> {
    if (!this.#options.check()) return;
    const signal = this.#begin();
    const options = this.#options.value;
    const progress = new ProgressView();
    this.#body.replaceChildren(progress.element);
    show(this.#go, false);
    this.#cancel.focus();
    const all: LoadOptions = {
      ...this.#choice.options,
      ...options,
      trace: true,
      signal,
      onProgress: (step) => progress.update(step),
    };
    try {
      const { load } = await import('sotto');
      const model = await load(this.#choice.source, all);
      if (signal.aborted) {
        await model.close(); // the very moment of success
        return;
      }
      this.#finish({ model, choice: this.#choice, options });
    } catch (error) {
      if (!signal.aborted) this.#fail(error, () => void this.#load());
    }
  }

  #fail(error: unknown, again: () => void): void {
    const { code, message, where } = told(error);
    const ofOption = code === 'invalid_argument' && this.#options.showFault(message, where);
    if (ofOption && this.#body.contains(this.#options.element)) return;
    this.#body.replaceChildren(...(ofOption || code === 'out_of_memory' ? [this.#options.element] : []));
    this.#error.textContent = sentence(error);
    show(this.#error, true);
    this.#offer('Try again', again);
    this.#go.focus();
  }

  #offer(label: string, act: () => void): void {
    this.#act = act;
    this.#go.textContent = label;
    this.#go.disabled = false;
    show(this.#go, true);
  }

  #leave(): void {
    this.#running.abort();
    this.#finish(undefined);
  }
}
