/** Before the first message: what the model is good for, and ways to begin. */
import { button, h, show } from './dom.ts';

const starts = {
  chat: [
    'What is the capital of France, and what is it known for?',
    'Explain tides to a child of ten',
    'Give me three names for a quiet café',
  ],
  text: ['The three laws of good writing are', 'Once upon a time, in a village by the sea,', 'Rezept für einen Apfelkuchen:'],
};

export class Welcome {
  readonly element: HTMLElement;
  readonly #undo: HTMLElement;

  constructor(title: string, chats: boolean, actions: { start(text: string): void; undo(): void }) {
    this.#undo = h(
      'p',
      { class: 'note' },
      'The conversation was cleared. ',
      h('span', { class: 'buttons' }, button('Bring it back', actions.undo)),
    );
    this.element = h(
      'div',
      { class: 'welcome' },
      this.#undo,
      h('h2', {}, chats ? 'Ask it something' : 'Begin a text'),
      h(
        'p',
        { class: 'soft' },
        chats
          ? `${title} runs on this machine now. It is small: check what it tells you.`
          : `${title} has no chat template: it goes on with the text that you begin.`,
      ),
      h(
        'ul',
        { class: 'starts' },
        ...starts[chats ? 'chat' : 'text'].map((text) =>
          h(
            'li',
            {},
            button(text, () => actions.start(text)),
          ),
        ),
      ),
    );
    this.show(true, false);
  }

  show(shown: boolean, canUndo: boolean): void {
    show(this.element, shown);
    show(this.#undo, canUndo);
  }
}
