/** Elements without a framework. Text goes in as text nodes only: nothing here reads markup. */

type Value = string | number | boolean | undefined | ((event: never) => void);
type Child = Node | string | undefined | false;

function fill<E extends Element>(element: E, attributes: Record<string, Value>, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value as EventListener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** `h('button', { type: 'button', onclick: go }, 'Go')`. An attribute of `undefined` or `false` is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, Value> = {}, ...children: Child[]) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, Value> = {}, ...children: Child[]) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

export function button(label: string, onclick: () => void, attributes: Record<string, Value> = {}): HTMLButtonElement {
  return h('button', { type: 'button', onclick, ...attributes }, label);
}

let ids = 0;
/** For `aria-describedby` and its kin. */
export function freshId(stem: string): string {
  return `${stem}-${++ids}`;
}

/** Shows an element or hides it and everything in it. */
export function show(element: Element, shown: boolean): void {
  element.toggleAttribute('hidden', !shown);
}

/** Fills a list anew. The focus in an item is afterwards in the item of the same `data-key`, if that is still there. */
export function refill(list: Element, items: readonly Element[]): void {
  const key = list.contains(document.activeElement) && document.activeElement!.closest('[data-key]')?.getAttribute('data-key');
  list.replaceChildren(...items);
  if (key)
    items
      .find((item) => item.getAttribute('data-key') === key)
      ?.querySelector('button')
      ?.focus();
}

/** Offers a text as a file to save. */
export function saveFile(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // the browser reads it after the click
}

/** A button that copies a text and says so for a moment, on itself: a screen reader hears the new name. */
export function copyButton(label: string, text: () => string, attributes: Record<string, Value> = {}): HTMLButtonElement {
  const told = h('span', { 'aria-live': 'polite' }, label);
  const element = button(
    '',
    () => {
      navigator.clipboard.writeText(text()).then(
        () => flash('Copied'),
        () => flash('Not allowed'), // a browser may refuse the clipboard
      );
    },
    attributes,
  );
  function flash(word: string): void {
    told.textContent = word;
    setTimeout(() => (told.textContent = label), 1600);
  }
  element.append(told);
  return element;
}
