import { SottoError, toSottoError } from '../errors.ts';
import type { Generation, GenerationOptions, GenerationResult, Message, Model } from '../types.ts';
import { Store } from './store.ts';

export interface ChatMessage extends Message {
  /** Unique in its chat. */
  id: number;
  /** Of an answer that has ended: finish reason, usage, timings. */
  result?: GenerationResult;
}

export interface ChatState {
  messages: readonly ChatMessage[];
  /** `submitted` until the first text comes. */
  status: 'ready' | 'submitted' | 'streaming' | 'error';
  error: SottoError | undefined;
  /** Prompt tokens computed so far, while nothing has come yet. */
  prefill: { done: number; total: number } | undefined;
}

/** A model, or a session of its own. */
export type ChatModel = Pick<Model, 'chat'>;

export interface ChatOptions extends Omit<GenerationOptions, 'signal'> {
  /** Stands before the conversation. */
  system?: string;
}

const EMPTY: ChatState = { messages: [], status: 'ready', error: undefined, prefill: undefined };
const FRAME_MS = 16; // texts come in faster than anybody can see

/** What useChat does, without React. Methods reject when they cannot begin; what fails later is told in the state. */
export class Chat extends Store<ChatState> {
  model: ChatModel | undefined;
  options: ChatOptions = {};
  #generation: Generation | undefined;
  #nextId = 0;

  constructor(messages: readonly Message[] = []) {
    super(EMPTY);
    this.setMessages(messages);
  }

  get busy(): boolean {
    const { status } = this.getState();
    return status === 'submitted' || status === 'streaming';
  }

  /** Another conversation; what runs is stopped. */
  readonly setMessages = (messages: readonly Message[]): void => {
    this.stop();
    this.#generation = undefined;
    this.set({ ...EMPTY, messages: messages.map((message) => this.#identified(message)) });
  };

  readonly send = async (content: string): Promise<void> =>
    this.#answer([...this.getState().messages, this.#identified({ role: 'user', content })]);

  /** Answers the last question again. */
  readonly retry = async (): Promise<void> => {
    const { messages } = this.getState();
    const last = messages.map(({ role }) => role).lastIndexOf('user');
    if (last < 0) throw new SottoError('invalid_argument', 'there is no question to answer again', { where: 'messages' });
    await this.#answer(messages.slice(0, last + 1));
  };

  /** Replaces a question and all that followed it. */
  readonly edit = async (id: number, content: string): Promise<void> => {
    const { messages } = this.getState();
    const index = messages.findIndex((message) => message.id === id && message.role === 'user');
    if (index < 0) throw new SottoError('invalid_argument', `there is no question ${id}`, { where: 'id' });
    await this.#answer([...messages.slice(0, index), this.#identified({ role: 'user', content })]);
  };

  /** Ends the answer; its text so far stays. */
  readonly stop = (): void => this.#generation?.cancel();

  #identified({ role, content }: Message): ChatMessage {
    return { id: this.#nextId++, role, content };
  }

  async #answer(messages: readonly ChatMessage[]): Promise<void> {
    if (this.busy) throw new SottoError('concurrent_use', 'an answer is being written', { where: 'status' });
    if (this.model === undefined) throw new SottoError('invalid_argument', 'there is no model yet', { where: 'model' });
    const { system, ...options } = this.options;
    const prompt = messages.map(({ role, content }) => ({ role, content }));
    if (system) prompt.unshift({ role: 'system', content: system });
    this.set({ messages, status: 'submitted', error: undefined, prefill: undefined });

    const generation = this.model.chat(prompt, options);
    this.#generation = generation;
    generation.onPrefill((prefill) => this.#update(generation, { prefill }));
    const answer = this.#identified({ role: 'assistant', content: '' });
    const withAnswer = () => (answer.content === '' ? messages : [...messages, { ...answer }]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let error: SottoError | undefined;
    try {
      for await (const { text } of generation) {
        answer.content += text;
        timer ??= setTimeout(() => {
          timer = undefined;
          this.#update(generation, { messages: withAnswer(), status: answer.content === '' ? 'submitted' : 'streaming' });
        }, FRAME_MS);
      }
    } catch (caught) {
      error = toSottoError(caught);
    }
    const result = await generation.result.catch(() => undefined); // the same error as in the loop
    clearTimeout(timer);
    if (result) answer.result = result;
    if (error?.code === 'cancelled') error = undefined; // asked for
    this.#update(generation, { messages: withAnswer(), status: error ? 'error' : 'ready', error, prefill: undefined });
  }

  /** Nothing, where another conversation has begun. */
  #update(generation: Generation, change: Partial<ChatState>): void {
    if (this.#generation === generation) this.set(change);
  }
}
