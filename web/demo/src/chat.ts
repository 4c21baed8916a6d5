/** Runs a conversation: sends, streams, stops, retries. Knows no elements; a listener draws. */
import type { ErrorCode, Generation, Model } from '../../src/types.ts';
import { Conversation, outcome, type Turn } from './conversation.ts';
import { sentence, told } from './errors.ts';
import { Meter } from './meter.ts';
import { generationOptions, type Settings } from './settings.ts';

const reloadHelps = new Set<ErrorCode>(['worker_lost', 'closed', 'out_of_memory', 'context_overflow']);

export interface ChatListener {
  /** Turns from `first` on are new, or gone. */
  turns(first: number): void;
  /** The last turn grew. */
  grew(turn: Turn): void;
  /** An answer began. */
  began(): void;
  /** It ended; its turn has its last state. */
  ended(turn: Turn): void;
  /** Settings that are right, or undefined after showing what is wrong. */
  settings(): Settings | undefined;
  /** An option was refused; true: that is shown at its field. */
  refused(message: string, where: string): boolean;
}

export class Chat {
  readonly model: Model;
  readonly conversation = new Conversation();
  readonly meter = new Meter();
  /** What each token of the last answer wrote, for the timeline. */
  pieces: string[] = [];
  /** While a test runs: nothing is sent. */
  blocked = false;
  #listener: ChatListener;
  #running: Generation | undefined;
  #cleared: Turn[] = [];

  constructor(model: Model, listener: ChatListener) {
    this.model = model;
    this.#listener = listener;
  }

  get running(): boolean {
    return this.meter.running;
  }

  get turns(): readonly Turn[] {
    return this.conversation.turns;
  }

  /** False: nothing was sent, the settings are wrong or an answer is still coming. */
  send(text: string): boolean {
    return this.#say(this.turns.length, text);
  }

  /** Says a message anew, perhaps in other words; what followed it goes. */
  retry(index: number, text = this.turns[index]!.content): boolean {
    return this.#say(index, text);
  }

  stop(): void {
    this.#running?.cancel();
  }

  clear(): void {
    this.stop();
    this.#cleared = this.conversation.turns;
    this.#replace([]);
  }

  get canUndo(): boolean {
    return this.#cleared.length > 0 && this.turns.length === 0;
  }

  undoClear(): void {
    this.#replace(this.#cleared);
    this.#cleared = [];
  }

  #replace(turns: Turn[]): void {
    this.conversation.turns = turns;
    this.conversation.keep();
    this.#listener.turns(0);
  }

  #say(index: number, text: string): boolean {
    if (this.running || this.blocked || text.trim() === '') return false;
    const settings = this.#listener.settings();
    if (!settings) return false;
    const turns = this.conversation.turns;
    turns.splice(index, turns.length, { role: 'user', content: text });
    const answer: Turn = { role: 'assistant', content: '' };
    turns.push(answer);
    this.#listener.turns(index);
    void this.#answer(answer, settings);
    return true;
  }

  #generate(settings: Settings): Generation {
    const options = generationOptions(settings);
    this.#running = this.model.info.hasChatTemplate
      ? this.model.chat(this.conversation.messages(settings.system), options)
      : this.model.generate(this.conversation.text(), options);
    return this.#running.onPrefill((progress) => {
      this.meter.prefill = progress;
    });
  }

  /** Never rejects: what goes wrong is told in the turn. */
  async #answer(turn: Turn, settings: Settings): Promise<void> {
    this.pieces = [];
    this.meter.start();
    this.#listener.began();
    try {
      const generation = this.#generate(settings);
      await this.#read(generation, turn);
      const result = await generation.result;
      this.meter.end(result);
      turn.content = result.text; // pieces that were on their way when it was stopped are in it
      turn.outcome = outcome(result);
    } catch (error) {
      this.meter.end(undefined);
      const { code, message, where } = told(error);
      turn.fault =
        code === 'invalid_argument' && this.#listener.refused(message, where)
          ? 'A setting was refused: see the field.'
          : sentence(error);
      turn.needsReload = reloadHelps.has(code);
    }
    this.#running = undefined;
    this.conversation.keep();
    this.#listener.ended(turn);
  }

  async #read(generation: Generation, turn: Turn): Promise<void> {
    try {
      for await (const piece of generation) {
        turn.content += piece.text;
        if (piece.token !== undefined) {
          this.pieces.push(piece.text);
          this.meter.token();
        }
        this.#listener.grew(turn);
      }
    } catch (error) {
      // Stopped: the result tells it, with the text so far.
      if (told(error).code !== 'cancelled') throw error;
    }
  }
}
