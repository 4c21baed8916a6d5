/** What a screen reader is told: by one polite live region of the page (in index.html), or of the dialog that is open, since all
 * outside of a dialog is silent. */
import { h } from './dom.ts';

/** The region that a dialog has to hold. */
export function announcer(): HTMLElement {
  return h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
}

export function announce(text: string): void {
  const region = document.querySelector('dialog[open] > [role=status]') ?? document.getElementById('announcer')!;
  // The same sentence twice is no change, and would not be read.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

const quietMs = 3000;

/** Reads a growing text in whole sentences, at most one batch every three seconds, instead of token by token. */
export class StreamAnnouncer {
  #read = 0;
  #last = performance.now();

  /** @param text all of it so far */
  update(text: string): void {
    if (performance.now() - this.#last < quietMs) return;
    const fresh = text.slice(this.#read);
    const end = Math.max(...['. ', '! ', '? ', '\n'].map((mark) => fresh.lastIndexOf(mark)));
    if (end > 0) this.#say(fresh.slice(0, end + 1));
  }

  /** The rest. @param closing said after it */
  end(text: string, closing: string): void {
    this.#say(`${text.slice(this.#read)} ${closing}`, text.length);
  }

  #say(sentence: string, read = this.#read + sentence.length): void {
    this.#read = read;
    this.#last = performance.now();
    announce(sentence.replace(/[*`#]+/g, '').trim()); // marks of Markdown would be read out
  }
}
