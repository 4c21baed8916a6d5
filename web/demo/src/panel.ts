/** The side of the chat: figures, settings, timeline, checks. Beside it on wide screens, over it on narrow ones. */
import { button, freshId, h } from './dom.ts';

const wide = matchMedia('(min-width: 68rem)');

export class Panel {
  readonly element: HTMLElement;
  /** Opens it where it does not stand beside the chat; goes into the page's bar. */
  readonly toggle: HTMLButtonElement;
  readonly #close = button('Close', () => this.close());
  /** What lies under the panel while it is open. */
  readonly #under: HTMLElement;

  constructor(sections: readonly (readonly [title: string, content: HTMLElement, open: boolean])[], under: HTMLElement) {
    this.#under = under;
    const id = freshId('panel');
    this.element = h(
      'aside',
      { class: 'panel', id, 'aria-label': 'Figures and settings' },
      h('div', { class: 'close' }, h('strong', {}, 'Figures and settings'), this.#close),
      ...sections.map(([title, content, open]) => h('details', { open }, h('summary', {}, title), content)),
    );
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
    this.element.addEventListener('reveal', () => this.#open());
    this.toggle = button(
      'Settings',
      () => {
        if (this.#isOpen) this.close();
        else {
          this.#open();
          this.#close.focus();
        }
      },
      { class: 'quiet panel-toggle', 'aria-controls': id, 'aria-expanded': 'false' },
    );
    wide.addEventListener('change', () => this.#set(false));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#set(false);
    this.toggle.focus();
  }

  get #isOpen(): boolean {
    return this.element.hasAttribute('data-open');
  }

  #open(): void {
    if (!wide.matches) this.#set(true);
  }

  #set(open: boolean): void {
    this.element.toggleAttribute('data-open', open);
    this.toggle.setAttribute('aria-expanded', String(open));
    this.#under.inert = open;
  }
}
