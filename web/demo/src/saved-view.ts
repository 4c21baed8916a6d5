/** Models saved in this browser: sizes, load, delete, total and quota. */
import type { ModelStore, StoredModel } from '../../src/types.ts';
import { announce } from './announce.ts';
import { button, h, refill, show } from './dom.ts';
import { sentence } from './errors.ts';
import { bytes, plural } from './format.ts';
import { type Choice, storedChoice, titleOf } from './offers.ts';

export class SavedView {
  readonly element: HTMLElement;
  readonly #heading = h('h2', { tabindex: -1 }, 'Saved in this browser');
  readonly #list = h('ul', { class: 'saved' });
  readonly #usage = h('div', { class: 'usage' });
  #rows = '';
  readonly #onchoose: (choice: Choice) => void;
  readonly #onchange: () => Promise<void>;

  /** @param onchange something was deleted: read the store again */
  constructor(onchoose: (choice: Choice) => void, onchange: () => Promise<void>) {
    this.#onchoose = onchoose;
    this.#onchange = onchange;
    this.element = h('section', { class: 'section' }, this.#heading, this.#list, this.#usage);
    show(this.element, false);
  }

  show(store: ModelStore, stored: readonly StoredModel[], usage: Awaited<ReturnType<ModelStore['usage']>> | undefined): void {
    show(this.element, stored.length > 0);
    // A question that waits for its answer must not be swept away by a list that says the same.
    const rows = JSON.stringify(stored);
    if (rows !== this.#rows) {
      refill(
        this.#list,
        stored.map((model) => this.#row(store, model)),
      );
    }
    this.#rows = rows;
    const quota = usage?.quotaBytes ? ` of ${bytes(usage.quotaBytes)} that this browser allows` : '';
    this.#usage.replaceChildren(
      h(
        'span',
        {},
        `${bytes(usage?.bytes ?? stored.reduce((sum, model) => sum + model.bytes, 0))} in all${quota}. ` +
          (usage?.persisted ? 'Kept until you delete it.' : 'The browser may clear it when the disk is full.'),
      ),
      (stored.length > 1 &&
        this.#asking('Delete all', 'Delete all of them?', async () => {
          await store.clear();
          return 'All saved models were deleted';
        })) ||
        '',
    );
  }

  #row(store: ModelStore, model: StoredModel): HTMLElement {
    const title = titleOf(model.id);
    const facts = [bytes(model.bytes), model.complete ? plural(model.files.length, 'file') : 'not complete yet'].join(', ');
    return h(
      'li',
      { 'data-key': model.id },
      h('div', { class: 'name' }, h('strong', {}, title), h('span', { class: 'small soft' }, facts)),
      h(
        'div',
        { class: 'buttons' },
        button(model.complete ? 'Open' : 'Go on', () => this.#onchoose(storedChoice(model)), {
          'aria-label': `${model.complete ? 'Open' : 'Go on with'} ${title}`,
        }),
        this.#asking(
          'Delete',
          `Delete ${bytes(model.bytes)}?`,
          async () => {
            await store.delete(model.id);
            return `${title} was deleted`;
          },
          title,
        ),
      ),
    );
  }

  /** A button that asks once more, in its own place, before it acts. */
  #asking(label: string, question: string, act: () => Promise<string>, title = ''): HTMLElement {
    const box = h('span', { class: 'buttons' });
    const first = button(
      label,
      () => {
        box.replaceChildren(yes, no);
        yes.focus();
      },
      { class: 'quiet danger', 'aria-label': `${label} ${title}`.trim() },
    );
    const yes = button(
      question,
      () => {
        yes.disabled = true;
        act().then(
          async (done) => {
            await this.#onchange();
            announce(done);
            (this.element.hidden ? document.getElementById('main')! : this.#heading).focus();
          },
          (error: unknown) => {
            box.replaceChildren(first);
            announce(sentence(error));
          },
        );
      },
      { class: 'danger', 'aria-label': `${question} ${title}`.trim() },
    );
    const no = button(
      'Keep',
      () => {
        box.replaceChildren(first);
        first.focus();
      },
      { class: 'quiet' },
    );
    box.append(first);
    return box;
  }
}
