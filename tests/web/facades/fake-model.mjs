// @ts-check
/** A Model after web/src/types.ts that says what it is told to. A script is a list of texts, pieces, errors to fail with, and
 * promises to wait for. Tokens are words and the signs of the template. */
import { importSources } from './sources.mjs';

/** @import { FinishReason, Generation, GenerationOptions, GenerationResult, Inspection, Message, Model, Piece, Session,
 *    SessionOptions } from '../../../web/src/types.ts' */
/** @typedef {string | Piece | Error | Promise<unknown>} Step */
/** @typedef {{ session: FakeSession, generation: FakeGeneration, options: GenerationOptions, messages?: readonly Message[],
 *    prompt?: string | readonly number[] }} Request */

/** @type {{ SottoError: typeof import('../../../web/src/errors.ts').SottoError }} */
const { SottoError } = await importSources('errors.ts');
export { SottoError };

const words = [''];
/** @param {string} text */
function idsOf(text) {
  return (text.match(/<[^>]*>|\S+/g) ?? []).map((word) => {
    if (!words.includes(word)) words.push(word);
    return words.indexOf(word);
  });
}
/** As SentencePiece does: words begin with a blank, which is taken off the start of a text.
 * @param {readonly number[]} ids */
const textOf = (ids) => ids.map((id) => words[id]).join(' ');
/** @param {readonly Message[]} messages */
const render = (messages) => messages.map(({ role, content }) => `<${role}> ${content} <end>`).join(' ') + ' <assistant>';
export const tokenId = (/** @type {string} */ word) => idsOf(word)[0] ?? 0;

/** @implements {Generation} */
class FakeGeneration {
  /** @type {Piece[]} */
  #pieces = [];
  #text = '';
  /** @type {number[]} */
  #tokens = [];
  /** @type {Error | undefined} */
  #error;
  #ended = false;
  #wake = () => {};
  #news = new Promise((resolve) => (this.#wake = () => resolve(undefined)));
  /** @type {(progress: { done: number, total: number }) => void} */
  #prefillListener = () => {};

  /** @param {readonly Step[]} script @param {number[]} promptTokens @param {number} cachedTokens
   * @param {GenerationOptions} options @param {(tokens: number[]) => void} onEnd */
  constructor(script, promptTokens, cachedTokens, options, onEnd) {
    const { signal, timeout, maxTokens = 512 } = options;
    this.endedEarly = /** @type {FinishReason | undefined} */ (undefined);
    signal?.addEventListener('abort', () => this.cancel());
    const timer = timeout && setTimeout(() => this.#endEarly('deadline', 'deadline_exceeded'), timeout);
    /** @type {Promise<GenerationResult>} */
    this.result = this.#run(signal?.aborted ? [] : script, maxTokens).then((finishReason) => {
      clearTimeout(timer);
      onEnd([...promptTokens, ...this.#tokens]);
      if (this.#error && !this.endedEarly) throw this.#error;
      return {
        text: this.#text, tokens: this.#tokens, promptTokens, finishReason: this.endedEarly ?? finishReason, stopString: '',
        seed: options.seed ?? 7, invalidBytes: 0,
        usage: { promptTokens: promptTokens.length, cachedTokens, completionTokens: this.#tokens.length },
        timings: { tokenizeMs: 1, prefillMs: 2, firstTokenMs: 3, decodeMs: 4, prefillTps: 5, decodeTps: 6 },
      };
    });
    this.result.catch(() => {}); // whoever reads the pieces is told
    if (signal?.aborted) this.cancel();
  }

  /** @param {readonly Step[]} script @param {number} maxTokens @returns {Promise<FinishReason>} */
  async #run(script, maxTokens) {
    await null;
    this.#prefillListener({ done: 1, total: 1 });
    for (const step of script) {
      if (this.#ended) break;
      if (this.#tokens.length >= maxTokens) return this.#end('length');
      if (step instanceof Promise) await Promise.race([step, this.#whenEnded()]);
      else if (step instanceof Error) this.#fail(step);
      else this.#push(typeof step === 'string' ? { text: step, token: tokenId(step.trim()) } : step);
    }
    return this.#end('stop');
  }
  async #whenEnded() {
    while (!this.#ended) await this.#news;
  }
  #tell() {
    this.#wake();
    this.#news = new Promise((resolve) => (this.#wake = () => resolve(undefined)));
  }
  /** @param {Piece} piece */
  #push(piece) {
    this.#pieces.push(piece);
    this.#text += piece.text;
    if (piece.token !== undefined) this.#tokens.push(piece.token);
    this.#tell();
  }
  /** @template {FinishReason | 'error'} Reason @param {Reason} finishReason */
  #end(finishReason) {
    this.#ended = true;
    this.#tell();
    return finishReason;
  }
  /** @param {Error} error */
  #fail(error) {
    this.#error = error;
    this.#end('error');
  }
  /** @param {FinishReason} finishReason @param {'cancelled' | 'deadline_exceeded'} code */
  #endEarly(finishReason, code) {
    if (this.#ended) return;
    this.endedEarly = finishReason;
    this.#fail(new SottoError(code, finishReason));
  }

  cancel() {
    this.#endEarly('cancelled', 'cancelled');
  }
  /** @param {(progress: { done: number, total: number }) => void} listener */
  onPrefill(listener) {
    this.#prefillListener = listener;
    return this;
  }
  async *[Symbol.asyncIterator]() {
    try {
      for (let i = 0; ; i++) {
        while (i >= this.#pieces.length && !this.#ended) await this.#news;
        const piece = this.#pieces[i];
        if (piece && !this.endedEarly) yield piece;
        else if (this.#error) throw this.#error;
        else if (!piece) return;
      }
    } finally {
      this.cancel();
    }
  }
  async text() {
    let text = '';
    for await (const piece of this) text += piece.text;
    return text;
  }
  /** @returns {ReadableStream<string>} */
  toReadableStream() {
    throw new Error('no facade uses it');
  }
}

/** @implements {Session} */
class FakeSession {
  /** @param {FakeModel} model @param {number[]} held @param {number} context */
  constructor(model, held, context) {
    this.model = model;
    this.held = held;
    this.context = context;
    this.running = /** @type {FakeGeneration | undefined} */ (undefined);
    this.closed = false;
  }
  /** @param {string | readonly number[]} prompt @param {GenerationOptions} [options] */
  generate(prompt, options = {}) {
    return this.#start({ prompt, options }, typeof prompt === 'string' ? idsOf(prompt) : [...prompt], options);
  }
  /** @param {readonly Message[]} messages @param {GenerationOptions} [options] */
  chat(messages, options = {}) {
    return this.#start({ messages, options }, idsOf(render(messages)), options);
  }
  /** @param {Pick<Request, 'options' | 'messages' | 'prompt'>} request @param {number[]} prompt
   * @param {GenerationOptions} options */
  #start(request, prompt, options) {
    const { model } = this;
    const cached = prompt.findIndex((id, i) => this.held[i] !== id);
    /** @type {readonly Step[]} */
    let script = options.maxTokens === 0 ? [] : (model.scripts.length > 1 ? model.scripts.shift() : model.scripts[0]) ?? [];
    if (this.closed) script = [new SottoError('closed', 'the session is closed')];
    else if (this.running) script = [new SottoError('concurrent_use', 'the session is in use')];
    else if (prompt.length > this.context) script = [new SottoError('context_overflow', `${prompt.length} tokens`)];
    const generation = new FakeGeneration(script, prompt, Math.max(0, cached), options, (held) => {
      if (this.running !== generation) return;
      this.running = undefined;
      this.held = held;
    });
    this.running ??= generation;
    model.requests.push({ session: this, generation, ...request });
    return generation;
  }
  async tokens() {
    return this.held;
  }
  /** @param {number} nTokens */
  async rewind(nTokens) {
    this.held.length = nTokens;
  }
  async fork() {
    const session = new FakeSession(this.model, [...this.held], this.context);
    this.model.sessions.push(session);
    return session;
  }
  async close() {
    this.closed = true;
    this.running?.cancel();
  }
  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/** @implements {Model} */
class FakeModel {
  /** @type {Request[]} */
  requests = [];
  /** @type {FakeSession[]} */
  sessions = [];
  closed = false;
  /** Each request takes the next one; the last one stays.
   * @param {readonly (readonly Step[])[]} scripts @param {object} [info] */
  constructor(scripts, info) {
    this.scripts = [...scripts];
    this.info = {
      architecture: 'fake', name: 'Fake 1B', parameters: 1, nLayers: 1, dim: 1, nHeads: 1, nKvHeads: 1, headDim: 1, ffnDim: 1,
      nVocab: 100, maxContext: 2048, largestWindow: 0, decodeBytes: 0, loadMs: 0, threads: 1,
      variant: /** @type {const} */ ('simd128'), hasChatTemplate: true, warnings: [], ...info,
    };
    this.session = new FakeSession(this, [], this.info.maxContext);
  }
  /** @param {string | readonly number[]} prompt @param {GenerationOptions} [options] */
  generate(prompt, options) {
    return new FakeSession(this, [], this.info.maxContext).generate(prompt, options);
  }
  /** @param {readonly Message[]} messages @param {GenerationOptions} [options] */
  chat(messages, options) {
    return this.session.chat(messages, options);
  }
  /** @param {SessionOptions} [options] */
  async newSession(options = {}) {
    const session = new FakeSession(this, [], options.context ?? this.info.maxContext);
    this.sessions.push(session);
    return session;
  }
  /** @param {string} text */
  async tokenize(text) {
    return idsOf(text);
  }
  /** @param {readonly number[]} ids */
  async decode(ids) {
    return textOf(ids);
  }
  /** @param {readonly Message[]} messages */
  async applyTemplate(messages) {
    if (!this.info.hasChatTemplate) throw new SottoError('unsupported', 'the model has no chat template');
    if (messages.length === 0) throw new SottoError('template_error', 'messages[0] is undefined');
    return render(messages);
  }
  /** @returns {Promise<Inspection>} */
  async inspect() {
    throw new Error('no facade uses it');
  }
  async memory() {
    return { weightsBytes: 0, tokenizerBytes: 0, kvBytes: 0, scratchBytes: 0, linearBytes: 0 };
  }
  async trace() {
    return { traceEvents: [] };
  }
  async close() {
    this.closed = true;
  }
  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/** @param {readonly Step[]} script @param {ConstructorParameters<typeof FakeModel>[1]} [info] */
export function fakeModel(script = ['Hello', ' world'], info) {
  return new FakeModel([script], info);
}
/** @param {readonly (readonly Step[])[]} scripts @param {ConstructorParameters<typeof FakeModel>[1]} [info] */
export function fakeModelWithScripts(scripts, info) {
  return new FakeModel(scripts, info);
}

/** A promise to put into a script, and what settles it. */
export function gate() {
  let open = () => {};
  /** @type {Promise<void> & { open: () => void }} */
  const promise = Object.assign(new Promise((resolve) => (open = () => resolve(undefined))), { open: () => open() });
  return promise;
}

/** AbortSignal.timeout() does not keep Node alive.
 * @param {number} ms */
export function abortedAfter(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

/** What node:assert's rejects() compares.
 * @param {string} code @param {string} [where] */
export const sottoError = (code, where) => ({ name: 'SottoError', code, ...(where !== undefined && { where }) });

/** @template T @param {AsyncIterable<T>} iterable */
export async function collect(iterable) {
  /** @type {T[]} */
  const all = [];
  for await (const each of iterable) all.push(each);
  return all;
}
