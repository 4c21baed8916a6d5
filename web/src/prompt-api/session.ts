import type { GenerationOptions, Message, Session } from '../types.ts';
import { Conversation, toMessages } from './conversation.ts';
import { abortable, notSupported } from './errors.ts';
import type { Sampling } from './sampling.ts';
import type { AppendOptions, Prompt, PromptOptions } from './types.ts';

type Computing = GenerationOptions & { signal: AbortSignal };
type Handler = ((event: Event) => unknown) | null;

/** What a session is made of. */
export interface Parts {
  session: Session;
  conversation: Conversation;
  sampling: Sampling;
  /** Tokens that initial prompts and turns may take. */
  window: number;
  /** Tokens of an answer, beside them. */
  maxTokens: number;
}

/** One conversation, with the surface of Chrome's `LanguageModel` objects. Calls take their turn. */
export class LanguageModelSession extends EventTarget {
  oncontextoverflow: Handler = null;
  /** The older name. */
  onquotaoverflow: Handler = null;
  readonly #parts: Parts;
  readonly #destruction = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  /** Made by `create()` and `clone()`. */
  constructor(parts: Parts) {
    super();
    this.#parts = parts;
    for (const type of ['contextoverflow', 'quotaoverflow'] as const)
      this.addEventListener(type, (event) => this[`on${type}`]?.call(this, event));
  }

  get topK(): number {
    return this.#parts.sampling.topK;
  }
  get temperature(): number {
    return this.#parts.sampling.temperature;
  }
  get samplingMode(): Sampling['samplingMode'] {
    return this.#parts.sampling.samplingMode;
  }
  /** Tokens that prompts may take; room for an answer is set aside. */
  get contextWindow(): number {
    return this.#parts.window;
  }
  get inputQuota(): number {
    return this.contextWindow;
  }
  /** Tokens held, answers included. */
  get contextUsage(): number {
    return this.#parts.conversation.usage;
  }
  get inputUsage(): number {
    return this.contextUsage;
  }

  /** Answers. An aborted prompt leaves no trace in the session. */
  async prompt(input: Prompt, options: PromptOptions = {}): Promise<string> {
    let text = '';
    await this.#respond(input, options, (piece) => (text += piece));
    return text;
  }

  /** Answers in pieces, whether they are read or not. Cancelling the stream aborts the prompt. */
  promptStreaming(input: Prompt, options: PromptOptions = {}): ReadableStream<string> {
    const cancel = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, cancel.signal]) : cancel.signal;
    return new ReadableStream<string>({
      start: (controller) => {
        this.#respond(input, { ...options, signal }, (piece) => controller.enqueue(piece))
          .then(() => controller.close())
          .catch((error) => controller.error(error)); // nothing happens where the stream was cancelled
      },
      cancel: (reason) => cancel.abort(reason),
    });
  }

  /** Adds messages and computes them, without an answer. */
  async append(input: Prompt, options: AppendOptions = {}): Promise<undefined> {
    const turn = toMessages(input);
    await this.#enqueue(options.signal, async (signal) => {
      await this.#compute(turn, { maxTokens: 0, signal });
      this.#parts.conversation.add(turn);
    });
  }

  /** Tokens that a prompt would take now. */
  async measureContextUsage(input: Prompt, options: PromptOptions = {}): Promise<number> {
    const turn = toMessages(input);
    return this.#enqueue(options.signal, async (signal) => {
      const { conversation } = this.#parts;
      return Math.max(0, await conversation.measure(conversation.with(turn), signal) - conversation.usage);
    });
  }
  /** The older name. */
  measureInputUsage(input: Prompt, options: PromptOptions = {}): Promise<number> {
    return this.measureContextUsage(input, options);
  }

  /** A session that goes on from the same point; nothing is computed again. */
  clone(options: AppendOptions = {}): Promise<LanguageModelSession> {
    return this.#enqueue(options.signal, async () => {
      const session = await this.#parts.session.fork();
      return new LanguageModelSession({ ...this.#parts, session, conversation: this.#parts.conversation.clone() });
    });
  }

  /** Ends what runs and waits, and frees the session's memory. Without a reason all of it rejects with InvalidStateError. */
  destroy(reason: unknown = new DOMException('The session has been destroyed.', 'InvalidStateError')): undefined {
    if (this.#destruction.signal.aborted) return;
    this.#destruction.abort(reason);
    this.#parts.session.close().catch(() => {}); // the worker is gone, and the memory with it
  }

  async #respond(input: Prompt, options: PromptOptions, onText: (text: string) => void): Promise<void> {
    if (options.responseConstraint) throw notSupported('responseConstraint is not supported');
    if (options.omitResponseConstraintInput) throw new TypeError('omitResponseConstraintInput needs a responseConstraint');
    const turn = toMessages(input);
    await this.#enqueue(options.signal, async (signal) => {
      const { sampling: { topK, temperature }, maxTokens, conversation } = this.#parts;
      const content = await this.#compute(turn, { topK, temperature, maxTokens, signal }, onText);
      conversation.add([...turn, { role: 'assistant', content }]);
    });
  }

  /** Gives the conversation with a new turn to the model; the text that follows. */
  async #compute(turn: readonly Message[], options: Computing, onText?: (text: string) => void): Promise<string> {
    const { conversation, session, window } = this.#parts;
    if (await conversation.makeRoom(turn, window, options.signal)) this.#tellOverflow();
    const generation = session.chat(conversation.with(turn), options);
    let text = '';
    for await (const piece of generation) {
      text += piece.text;
      if (piece.text !== '') onText?.(piece.text);
    }
    const { usage } = await generation.result;
    options.signal.throwIfAborted();
    conversation.usage = usage.promptTokens + usage.completionTokens;
    return text;
  }

  #tellOverflow(): void {
    for (const type of ['contextoverflow', 'quotaoverflow']) this.dispatchEvent(new Event(type));
  }

  /** Runs a task after those before it. An abort rejects at once, also while the task waits. */
  #enqueue<T>(signal: AbortSignal | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const destroyed = this.#destruction.signal;
    const either = signal ? AbortSignal.any([destroyed, signal]) : destroyed;
    const turn = this.#last.then(() => {
      either.throwIfAborted();
      return task(either);
    });
    this.#last = turn.catch(() => {}); // told to whoever asked
    return abortable(turn, either);
  }
}
