/** What a session was told: initial prompts, which stay, and turns, the oldest of which are dropped where the context is full. */
import type { Message, Model } from '../types.ts';
import { notSupported, quotaExceeded } from './errors.ts';
import type { Content, Prompt, PromptMessage } from './types.ts';

/** A prompt in this package's words. TypeError, or NotSupportedError for anything but text. */
export function toMessages(prompt: Prompt): Message[] {
  if (!Array.isArray(prompt)) return [{ role: 'user', content: String(prompt) }];
  if (prompt.length === 0) return [{ role: 'user', content: '' }];
  return (prompt as readonly PromptMessage[]).map(({ role, content, prefix }, index) => {
    if (!['system', 'user', 'assistant'].includes(role)) throw new TypeError(`"${role}" is no role of a message`);
    if (role === 'system' && index > 0) throw new TypeError('a system message must be the first one');
    if (prefix) throw notSupported('a message with a prefix to go on from is not supported');
    return { role, content: typeof content === 'string' ? content : content.map(textOf).join('') };
  });
}

function textOf({ type, value }: Content): string {
  if (type !== 'text') throw notSupported(`content of type ${type} is not supported`);
  if (typeof value !== 'string') throw new TypeError('the value of text content must be a string');
  return value;
}

export class Conversation {
  readonly #model: Model;
  #kept: Message[] = [];
  #turns: Message[][] = [];
  /** Tokens of all of it, as the session holds them. */
  usage = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  clone(): Conversation {
    const copy = new Conversation(this.#model);
    copy.#kept = [...this.#kept];
    copy.#turns = [...this.#turns];
    copy.usage = this.usage;
    return copy;
  }

  /** What was said so far will never be dropped. */
  pin(): void {
    this.#kept = this.with([]);
    this.#turns = [];
  }

  /** Adds a turn. A system message is never dropped. */
  add(turn: readonly Message[]): void {
    const [first, ...rest] = turn;
    if (first?.role === 'system') this.#kept.push(first);
    this.#turns.push(first?.role === 'system' ? rest : [...turn]);
  }

  /** All messages without the `dropped` oldest turns, then a new turn. TypeError where that brings a system message too late. */
  with(turn: readonly Message[], dropped = 0): Message[] {
    const before = [...this.#kept, ...this.#turns.slice(dropped).flat()];
    if (before.length > 0 && turn[0]?.role === 'system') throw new TypeError('a system message must be the first one');
    return [...before, ...turn];
  }

  /** Drops the oldest turns until the new one fits into `window` tokens; tells whether any had to go. QuotaExceededError, with
   * nothing dropped, where it does not fit at all. */
  async makeRoom(turn: readonly Message[], window: number, signal: AbortSignal): Promise<boolean> {
    let size = 0;
    for (let dropped = 0; dropped <= this.#turns.length; dropped++) {
      size = await this.measure(this.with(turn, dropped), signal);
      if (size > window) continue;
      if (dropped === 0) return false;
      this.#turns.splice(0, dropped);
      this.usage = await this.measure(this.with([]), signal);
      return true;
    }
    throw quotaExceeded(size, window);
  }

  /** Tokens of messages. Control tokens that a user spells count as such, so a few may be missing. */
  async measure(messages: readonly Message[], signal: AbortSignal): Promise<number> {
    if (messages.length === 0) return 0; // a template may want a first one
    if (!this.#model.info.hasChatTemplate) {
      return (await this.#model.tokenize(messages.map(({ content }) => content).join('\n'), { signal })).length;
    }
    const text = await this.#model.applyTemplate(messages, { signal });
    return (await this.#model.tokenize(text, { addSpecial: false, parseSpecial: true, signal })).length;
  }
}
