/** One turn of the conversation: what was said, and what can be done with it. */
import { button, copyButton, h, show } from './dom.ts';
import type { Turn } from './conversation.ts';
import { renderMarkdown } from './markdown.ts';

export interface TurnActions {
  retry(text?: string): boolean;
  /** Shown below a failed answer that only a new load can help. */
  reload(): void;
}

export class TurnView {
  readonly element: HTMLLIElement;
  readonly #turn: Turn;
  readonly #actions: TurnActions;
  readonly #content: HTMLElement;
  readonly #under = h('div', { class: 'under' });
  readonly #wait = h('p', { class: 'wait' });
  readonly #fault = h('p', { class: 'note', 'data-kind': 'error' });

  /** @param speaker said by screen readers before the text */
  constructor(turn: Turn, speaker: string, actions: TurnActions) {
    this.#turn = turn;
    this.#actions = actions;
    this.#content = h('div', { class: turn.role === 'user' ? 'content' : 'content markdown' });
    this.element = h(
      'li',
      { class: 'turn', 'data-role': turn.role },
      h('h2', { class: 'unseen' }, speaker),
      this.#content,
      this.#wait,
      this.#fault,
      this.#under,
    );
    show(this.#wait, false);
    this.draw();
  }

  /** Shows what the turn holds now. */
  draw(): void {
    const { role, content, fault, outcome } = this.#turn;
    if (role === 'user') this.#content.textContent = content;
    else renderMarkdown(this.#content, content);
    show(this.#content, content !== '');
    this.#fault.textContent = fault ?? '';
    show(this.#fault, fault !== undefined);
    const buttons = role === 'user' ? this.#userButtons() : this.#answerButtons();
    this.#under.replaceChildren(...(outcome ? [h('span', { class: 'told' }, outcome)] : []), ...buttons);
  }

  /** While it comes. @param wait said while there is no text yet; empty: nothing */
  stream(busy: boolean, wait: string): void {
    if (busy) this.element.setAttribute('aria-busy', 'true');
    else this.element.removeAttribute('aria-busy');
    this.#wait.textContent = wait;
    show(this.#wait, wait !== '');
    show(this.#under, !busy);
    renderMarkdown(this.#content, this.#turn.content);
    show(this.#content, this.#turn.content !== '');
  }

  #userButtons(): HTMLElement[] {
    return [
      copyButton('Copy', () => this.#turn.content, { class: 'quiet' }),
      button('Edit', () => this.#edit(), { class: 'quiet' }),
      button('Retry', () => this.#actions.retry(), { class: 'quiet' }),
    ];
  }

  #answerButtons(): HTMLElement[] {
    const { reload } = this.#actions;
    return [
      ...(this.#turn.content ? [copyButton('Copy', () => this.#turn.content, { class: 'quiet' })] : []),
      ...(this.#turn.needsReload ? [button('Load the model again', reload, { class: 'quiet' })] : []),
    ];
  }

  #edit(): void {
    const area = h('textarea', { rows: 3, 'aria-label': 'Edit your message' });
    area.value = this.#turn.content;
    const close = () => {
      form.remove();
      for (const element of [this.#content, this.#under]) show(element, true);
      this.#under.querySelectorAll('button')[1]?.focus(); // "Edit"
    };
    const send = () => {
      if (!this.#actions.retry(area.value)) area.focus();
    };
    area.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') close();
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    });
    const form = h(
      'form',
      {
        onsubmit: (event: Event) => {
          event.preventDefault();
          send();
        },
      },
      area,
      h('div', { class: 'buttons' }, button('Cancel', close), h('button', { class: 'primary' }, 'Send')),
    );
    for (const element of [this.#content, this.#under]) show(element, false);
    this.element.append(form);
    area.focus();
  }
}
