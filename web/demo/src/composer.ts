/** Where a message is written: Enter sends, Shift+Enter breaks the line, Escape stops an answer. */
import { button, h, show } from './dom.ts';

export interface ComposerActions {
  /** False: keep the text. */
  send(text: string): boolean;
  stop(): void;
}

export class Composer {
  readonly element: HTMLElement;
  readonly tools = h('div', { class: 'tools' });
  readonly #area: HTMLTextAreaElement;
  readonly #send = h('button', { class: 'primary' }, 'Send');
  readonly #stop: HTMLButtonElement;
  readonly #actions: ComposerActions;

  constructor(label: string, actions: ComposerActions) {
    this.#actions = actions;
    this.#area = h('textarea', { rows: 1, 'aria-label': label, placeholder: label, enterkeyhint: 'send', autocomplete: 'off' });
    this.#stop = button('Stop', () => {
      actions.stop();
      this.focus();
    });
    this.#area.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    show(this.#stop, false);
    const form = h(
      'form',
      {
        class: 'box',
        onsubmit: (event: Event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.#area,
      this.#send,
      this.#stop,
    );
    this.element = h('div', { class: 'composer' }, form, this.tools);
  }

  focus(): void {
    this.#area.focus();
  }

  /** While an answer comes, the button stops it; the next message can be written meanwhile. */
  set busy(busy: boolean) {
    const hadFocus = document.activeElement === (busy ? this.#send : this.#stop);
    show(this.#stop, busy);
    show(this.#send, !busy);
    if (hadFocus) (busy ? this.#stop : this.#area).focus();
  }

  #submit(): void {
    const text = this.#area.value;
    if (text.trim() !== '' && this.#actions.send(text)) this.#area.value = '';
  }
}
