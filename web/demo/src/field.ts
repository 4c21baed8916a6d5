/** One labelled input with its help and its fault beside it. */
import { freshId, h, show } from './dom.ts';

export interface NumberSpec {
  name: string;
  label: string;
  help: string;
  min: number;
  max: number;
  /** Only whole numbers. */
  whole: boolean;
  /** What an empty field means; shown as its placeholder. */
  empty: string;
}

/** An input, select or text area with label, help and fault. The fault is tied to it for screen readers. */
export class Field<E extends HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement> {
  readonly element: HTMLElement;
  readonly control: E;
  readonly #fault = h('p', { class: 'fault', id: freshId('fault') });

  constructor(label: string, control: E, help?: string, wide = false) {
    this.control = control;
    control.id ||= freshId('field');
    const helpLine = help ? h('p', { class: 'help', id: freshId('help') }, help) : undefined;
    control.setAttribute('aria-describedby', [this.#fault.id, helpLine?.id].filter(Boolean).join(' '));
    show(this.#fault, false);
    this.element = h(
      'div',
      { class: wide ? 'field wide' : 'field' },
      h('label', { for: control.id }, label),
      control,
      this.#fault,
      helpLine,
    );
  }

  get fault(): string {
    return this.#fault.textContent ?? '';
  }

  /** An empty text takes the fault away. */
  set fault(text: string) {
    this.#fault.textContent = text;
    show(this.#fault, text !== '');
    if (text) this.control.setAttribute('aria-invalid', 'true');
    else this.control.removeAttribute('aria-invalid');
  }
}

const plain = (n: number) => (Math.abs(n) >= 1e6 ? n.toLocaleString('en') : String(n));

/** What is wrong with the text of a number field; empty: nothing. */
export function numberFault(spec: NumberSpec, text: string): string {
  if (text.trim() === '') return '';
  const value = Number(text);
  const wanted = `${spec.whole ? 'a whole number' : 'a number'} from ${plain(spec.min)} to ${plain(spec.max)}`;
  return Number.isFinite(value) && value >= spec.min && value <= spec.max && !(spec.whole && !Number.isInteger(value))
    ? ''
    : `Write ${wanted}.`;
}

export class NumberField extends Field<HTMLInputElement> {
  readonly spec: NumberSpec;

  constructor(spec: NumberSpec, onchange: () => void) {
    // Not type=number: that hides what was written when it is no number.
    super(
      spec.label,
      h('input', { inputmode: 'decimal', autocomplete: 'off', placeholder: spec.empty, name: spec.name }),
      spec.help,
    );
    this.spec = spec;
    this.control.addEventListener('input', () => {
      this.check();
      onchange();
    });
  }

  /** undefined: empty, which stands for `spec.empty`. Only meaningful after a `check()` without fault. */
  get value(): number | undefined {
    return this.control.value.trim() === '' ? undefined : Number(this.control.value);
  }

  set value(value: number | undefined) {
    this.control.value = value === undefined ? '' : String(value);
    this.check();
  }

  check(): boolean {
    this.fault = numberFault(this.spec, this.control.value);
    return this.fault === '';
  }
}

export function selectField(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onchange: () => void,
  help?: string,
): Field<HTMLSelectElement> {
  const control = h('select', { onchange }, ...options.map(([value, text]) => h('option', { value }, text)));
  return new Field(label, control, help);
}
