import { SottoError } from '../errors.ts';
import { toReadable } from '../facades/support.ts';
import type { RequestOptions } from './types.ts';

/** Chunks of one answer, to be read once. Leaving the loop, `controller.abort()` and the request's signal end the answer. As in
 * the `openai` package an abort ends the loop without an error and without a `finish_reason`. Other errors are thrown in it. */
export class Stream<Chunk> implements AsyncIterable<Chunk> {
  readonly controller: AbortController;
  readonly #chunks: AsyncIterable<Chunk>;
  #read = false;

  constructor(chunks: AsyncIterable<Chunk>, controller: AbortController) {
    this.#chunks = chunks;
    this.controller = controller;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    if (this.#read) throw new SottoError('concurrent_use', 'a stream can be read once', { where: 'stream' });
    this.#read = true;
    try {
      yield* this.#chunks;
    } catch (error) {
      if (!(error instanceof SottoError && error.code === 'cancelled')) throw error;
    }
  }

  /** One chunk a line, as JSON in UTF-8: what `Stream.fromReadableStream()` of the `openai` package reads. */
  toReadableStream(): ReadableStream<Uint8Array> {
    return toReadable(lines(this), () => this.controller.abort());
  }
}

async function* lines(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  const utf8 = new TextEncoder();
  for await (const chunk of chunks) yield utf8.encode(`${JSON.stringify(chunk)}\n`);
}

/** The controller of a stream, and the request's options with a signal that hears it too. */
export function abortable(options: RequestOptions): [AbortController, RequestOptions] {
  if (options.signal?.aborted) throw new SottoError('cancelled', 'aborted before it began', { cause: options.signal.reason });
  const controller = new AbortController();
  const signals = options.signal ? [controller.signal, options.signal] : [controller.signal];
  return [controller, { ...options, signal: AbortSignal.any(signals) }];
}
