/** The first view: cards, an own model, what is saved. */
import { announce } from './announce.ts';
import { button, h, refill, show } from './dom.ts';
import { sentence } from './errors.ts';
import { Field } from './field.ts';
import { isolationNote } from './isolation.ts';
import { type Card, cards, type Choice, filesChoice, localModels, typedChoice } from './offers.ts';
import { SavedView } from './saved-view.ts';

const actions: Record<Card['state'], string> = { remote: 'Choose', partial: 'Go on', saved: 'Open', local: 'Open' };

export class PickView {
  readonly element = h('div', { class: 'page' });
  readonly #cards = h('ul', { class: 'cards' });
  readonly #fault = h('p', { class: 'note', 'data-kind': 'error', role: 'alert' });
  readonly #saved: SavedView;
  readonly #onchoose: (choice: Choice) => void;

  /** @param hero the static beginning of the page, which index.html paints before any script */
  constructor(hero: Element, onchoose: (choice: Choice) => void) {
    this.#onchoose = onchoose;
    this.#saved = new SavedView(onchoose, () => this.refresh());
    show(this.#fault, false);
    this.element.append(
      hero,
      ...[isolationNote()].filter((note) => note !== undefined),
      this.#fault,
      h(
        'section',
        { class: 'section', 'aria-labelledby': 'models' },
        h('h2', { id: 'models' }, 'Models to start with'),
        this.#cards,
      ),
      this.#own(),
      this.#saved.element,
      h(
        'p',
        { class: 'foot' },
        'Sotto is a language-model engine in C++ and WebAssembly. Nothing is sent anywhere: models come to you.',
      ),
    );
    this.#draw(cards([], []));
  }

  /** Reads what the page's server and the store hold. */
  async refresh(): Promise<void> {
    const local = await localModels();
    try {
      const { models } = await import('sotto');
      const [stored, usage] = await Promise.all([models.list(), models.usage()]);
      this.#draw(cards(local, stored));
      this.#saved.show(models, stored, usage);
    } catch (error) {
      // Without a store, models are loaded anew each time; that is no reason to show less.
      this.#draw(cards(local, []));
      this.fault(`Models cannot be saved in this browser. ${sentence(error)}`);
    }
  }

  files(files: readonly File[], folder?: string): void {
    const choice = filesChoice(files, folder);
    if (typeof choice === 'string') this.fault(choice);
    else this.#choose(choice);
  }

  /** Empty: takes it away. */
  fault(text: string): void {
    this.#fault.textContent = text;
    show(this.#fault, text !== '');
    if (text) this.#fault.scrollIntoView({ block: 'nearest' });
  }

  #choose(choice: Choice): void {
    this.fault('');
    this.#onchoose(choice);
  }

  #draw(all: readonly Card[]): void {
    refill(
      this.#cards,
      all.map((card, i) => this.#card(card, i === 0)),
    );
  }

  /** @param first the one for whoever does not know which */
  #card({ title, about, facts, state, tag, choice }: Card, first: boolean): HTMLElement {
    return h(
      'li',
      { class: 'card', 'data-key': title },
      h('h3', {}, title),
      h('p', { class: 'facts' }, ...facts.map((fact) => h('span', {}, fact)), tag && h('span', { class: 'tag' }, tag)),
      h('p', { class: 'about' }, about),
      choice.notice && h('p', { class: 'notice' }, choice.notice),
      button(actions[state], () => this.#choose(choice), {
        class: first || state !== 'remote' ? 'primary' : '',
        'aria-label': `${actions[state]} ${title}`,
      }),
    );
  }

  #own(): HTMLElement {
    const field = new Field(
      'Address or hub name',
      h('input', {
        type: 'text',
        inputmode: 'url',
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: 'false',
        placeholder: 'hf:owner/repo:q4_0',
      }),
    );
    const submit = (event: Event) => {
      event.preventDefault();
      const choice = typedChoice(field.control.value);
      field.fault = typeof choice === 'string' ? choice : '';
      if (typeof choice === 'string') field.control.focus();
      else this.#choose(choice);
    };
    field.control.addEventListener('input', () => (field.fault = ''));
    const row = h('div', { class: 'row' });
    field.control.before(row);
    row.append(field.control, h('button', {}, 'See what it needs'));
    const file = this.#files('Model file', { multiple: true, accept: '.gguf,.onnx' });
    const folder = this.#files('Model folder', { webkitdirectory: true });
    return h(
      'section',
      { class: 'section', 'aria-labelledby': 'own' },
      h('h2', { id: 'own' }, 'Your own model'),
      h(
        'div',
        { class: 'own' },
        h('form', { onsubmit: submit, novalidate: true }, field.element),
        h(
          'div',
          { class: 'files' },
          button('Open a file', () => file.click()),
          button('Open a folder', () => folder.click()),
          h('span', { class: 'small soft' }, 'or drop a .gguf file or a Hugging Face folder anywhere on this page'),
          file,
          folder,
        ),
      ),
    );
  }

  #files(label: string, attributes: Record<string, string | boolean>): HTMLInputElement {
    const input = h('input', { type: 'file', hidden: true, 'aria-label': label, ...attributes });
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      const folder = attributes['webkitdirectory'] ? files[0]?.webkitRelativePath.split('/')[0] : undefined;
      // Of a folder, the files in it itself.
      const near = folder === undefined ? files : files.filter((chosen) => chosen.webkitRelativePath.split('/').length === 2);
      input.value = ''; // the same one can be chosen again
      if (files.length) this.files(near, folder);
      else announce('No file was chosen');
    });
    return input;
  }
}
