/** How a model is loaded: context, cache, threads, variant. Names and ranges are those of LoadOptions (web/src/types.ts). */
import type { CacheType, EngineOptions, LoadOptions } from '../../src/types.ts';
import { h } from './dom.ts';
import { type Field, NumberField, selectField } from './field.ts';

export type ChosenOptions = Pick<LoadOptions, 'context' | 'cache' | 'threads' | 'variant' | 'quantize'>;

export class LoadOptionsView {
  readonly element: HTMLDetailsElement;
  readonly #context: NumberField;
  readonly #threads: NumberField;
  readonly #cache: Field<HTMLSelectElement>;
  readonly #variant: Field<HTMLSelectElement>;
  readonly #quantize: Field<HTMLSelectElement>;

  /** @param onchange called a moment after the last change, if all fields are right */
  constructor(onchange: () => void) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      clearTimeout(timer);
      if (this.check()) timer = setTimeout(onchange, 350);
    };
    this.#context = new NumberField(
      {
        name: 'context',
        label: 'Context',
        help: 'Tokens it can keep in mind',
        min: 1,
        max: 2 ** 31 - 1,
        whole: true,
        empty: 'up to 4096',
      },
      changed,
    );
    this.#threads = new NumberField(
      {
        name: 'threads',
        label: 'Threads',
        help: '0: by itself',
        min: 0,
        max: 64,
        whole: true,
        empty: '0',
      },
      changed,
    );
    this.#cache = selectField(
      'Cache',
      [
        ['', '16-bit'],
        ['q8_0', '8-bit, smaller'],
        ['f32', '32-bit'],
      ],
      changed,
    );
    this.#variant = selectField(
      'Instructions',
      [
        ['', 'By itself'],
        ['simd128', 'SIMD128'],
        ['relaxed', 'Relaxed SIMD'],
      ],
      changed,
    );
    this.#quantize = selectField(
      'Weights',
      [
        ['', 'By itself'],
        ['none', 'As in the file'],
        ['q8_0', '8-bit'],
        ['q4_0', '4-bit'],
      ],
      changed,
      'Only matters for files of 16 and 32 bits',
    );
    this.element = h(
      'details',
      {},
      h('summary', {}, 'Options'),
      h('div', { class: 'fields' }, ...this.#all().map((field) => field.element)),
    );
  }

  check(): boolean {
    return [this.#context.check(), this.#threads.check()].every(Boolean);
  }

  /** Only what was chosen: the rest is left to the package. */
  get value(): ChosenOptions {
    const context = this.#context.value;
    const threads = this.#threads.value;
    const [cache, variant, quantize] = [this.#cache, this.#variant, this.#quantize].map(({ control }) => control.value);
    return {
      ...(context !== undefined && { context }),
      ...(threads && { threads }),
      ...(cache && { cache: cache as CacheType }),
      ...(variant && { variant: variant as NonNullable<EngineOptions['variant']> }),
      ...(quantize && { quantize }),
    };
  }

  /** False: the error is about none of these fields. */
  showFault(message: string, where: string): boolean {
    const names = ['context', 'threads', 'cache', 'variant', 'quantize'];
    const index = names.findIndex((name) => where.split(/\W+/).includes(name));
    const field = this.#all()[index];
    if (!field) return false;
    field.fault = message;
    this.element.open = true;
    field.control.focus();
    return true;
  }

  #all() {
    return [this.#context, this.#threads, this.#cache, this.#variant, this.#quantize];
  }
}
