/** The settings of answers: presets, fields with their faults, stop strings, the system message. */
import { button, h } from './dom.ts';
import { Field, NumberField } from './field.ts';
import { keepSettings, presetNames, presetOf, presets, readSettings, type Settings, specs } from './settings.ts';

export class SettingsView {
  readonly element: HTMLElement;
  readonly #fields = specs.map((spec) => new NumberField(spec, () => this.#keep()));
  readonly #radios = presets.map(({ name }) =>
    h('input', { type: 'radio', name: 'preset', value: name, onchange: () => this.#preset(name) }),
  );
  readonly #stop: Field<HTMLTextAreaElement>;
  readonly #system: Field<HTMLTextAreaElement>;
  readonly #more: HTMLDetailsElement;

  constructor() {
    const area = (rows: number) => h('textarea', { rows, spellcheck: 'false', oninput: () => this.#keep() });
    this.#system = new Field('System message', area(2), 'Told to the model before the conversation', true);
    this.#stop = new Field('Stop at', area(2), 'One text per line; an answer ends before it', true);
    const fields = (basic: boolean) => this.#fields.filter((_, i) => specs[i]!.basic === basic).map((field) => field.element);
    this.#more = h(
      'details',
      {},
      h('summary', {}, 'More settings'),
      h('div', { class: 'fields' }, ...fields(false), this.#stop.element),
    );
    this.element = h(
      'div',
      { class: 'inside' },
      h(
        'fieldset',
        { class: 'field' },
        h('legend', { class: 'label' }, 'How it chooses words'),
        h('div', { class: 'choice' }, ...presets.map(({ label }, i) => h('label', {}, this.#radios[i]!, label))),
      ),
      h('div', { class: 'fields' }, ...fields(true), this.#system.element),
      this.#more,
      h(
        'div',
        { class: 'buttons' },
        button('Back to defaults', () => this.#fill({ numbers: { ...presets[1]!.numbers }, stop: [], system: '' })),
      ),
    );
    this.#fill(readSettings());
  }

  /** undefined: a field has a fault; the first one then has the focus. */
  valid(): Settings | undefined {
    const faulty = this.#fields.filter((field) => !field.check());
    if (faulty.length) {
      this.#reveal(faulty[0]!);
      return undefined;
    }
    return this.#read();
  }

  /** Shows an error of the package at the fields that it names. False: it names none of them. */
  showFault(message: string, where: string): boolean {
    // The engine counts several faults as "a is 1, wanted ...; b is 2, wanted ...".
    const names = where.split(/[^\w]+/).map(camel);
    const sentences = message.split('; ');
    const named = this.#all().filter(([name]) => names.includes(name));
    for (const [name, field] of named) {
      field.fault = sentences.find((text) => camel(text.split(/[^\w]/, 1)[0]!) === name) ?? message;
    }
    if (named[0]) this.#reveal(named[0][1]);
    return named.length > 0;
  }

  #all(): [string, Field<HTMLInputElement> | Field<HTMLTextAreaElement>][] {
    return [...this.#fields.map((field): [string, NumberField] => [field.spec.name, field]), ['stop', this.#stop]];
  }

  #reveal(field: Field<HTMLInputElement> | Field<HTMLTextAreaElement>): void {
    if (this.#more.contains(field.element)) this.#more.open = true;
    const section = this.element.closest('details');
    if (section) section.open = true;
    this.element.dispatchEvent(new CustomEvent('reveal', { bubbles: true })); // a panel that is closed opens
    field.control.focus();
  }

  #read(): Settings {
    const numbers: Settings['numbers'] = {};
    for (const field of this.#fields)
      if (field.value !== undefined) numbers[specs[this.#fields.indexOf(field)]!.name] = field.value;
    const stop = this.#stop.control.value.split('\n').filter((line) => line !== '');
    return { numbers, stop, system: this.#system.control.value.trim() };
  }

  #fill({ numbers, stop, system }: Settings): void {
    specs.forEach(({ name }, i) => (this.#fields[i]!.value = numbers[name]));
    this.#stop.control.value = stop.join('\n');
    this.#system.control.value = system;
    this.#keep();
  }

  #preset(name: string): void {
    const { numbers } = presets.find((preset) => preset.name === name)!;
    specs.forEach((spec, i) => {
      if (presetNames.includes(spec.name)) this.#fields[i]!.value = numbers[spec.name];
    });
    this.#keep();
  }

  // A fault is not kept: the next visit begins with what was right before.
  #keep(): void {
    this.#stop.fault = '';
    if (this.#fields.some((field) => field.fault)) return;
    const settings = this.#read();
    const preset = presetOf(settings.numbers);
    this.#radios.forEach((radio) => (radio.checked = radio.value === preset));
    keepSettings(settings);
  }
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
