/** What was said, without any element: turns, the messages that a model is given, exports. */
import type { GenerationResult, Message } from '../../src/types.ts';
import { plural, rate } from './format.ts';
import type { Settings } from './settings.ts';
import { Kept } from './store.ts';

export interface Turn {
  role: 'user' | 'assistant';
  content: string;
  /** Of an answer: what it cost and how it ended. */
  outcome?: string;
  /** Of an answer that failed. */
  fault?: string;
  /** That only loading the model again helps against. */
  needsReload?: boolean;
}

const endings: Record<GenerationResult['finishReason'], string> = {
  stop: '',
  stop_string: 'ended at a stop text',
  length: 'cut off at its longest length',
  cancelled: 'stopped',
  deadline: 'out of time',
};

export function outcome({ finishReason, usage, timings }: GenerationResult): string {
  const speed = timings.decodeTps ? `${rate(timings.decodeTps)} tokens/s` : '';
  return [plural(usage.completionTokens, 'token'), speed, endings[finishReason]].filter(Boolean).join(', ');
}

const kept = new Kept('sessionStorage', 'conversation');

export class Conversation {
  turns: Turn[];

  /** Goes on after a reload of the tab; closing the tab forgets it. */
  constructor() {
    const turns = kept.read();
    this.turns = Array.isArray(turns) ? (turns as Turn[]).filter((turn) => typeof turn?.content === 'string') : [];
  }

  keep(): void {
    kept.write(this.turns);
  }

  /** For a model with a chat template. An answer that brought nothing is left out. */
  messages(system: string): Message[] {
    const said = this.turns.filter(({ content }) => content !== '').map(({ role, content }) => ({ role, content }));
    return system ? [{ role: 'system', content: system }, ...said] : said;
  }

  /** For a model without one: a text that it continues. */
  text(): string {
    return this.turns.map(({ content }) => content).join('');
  }

  markdown(title: string): string {
    const parts = this.turns.map(({ role, content }) => `**${role === 'user' ? 'You' : title}**\n\n${content}\n`);
    return [`# Conversation with ${title}\n`, ...parts].join('\n');
  }

  json(about: { model: string; settings: Settings }): string {
    return `${JSON.stringify({ ...about, messages: this.turns }, undefined, 2)}\n`;
  }
}
