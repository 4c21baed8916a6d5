/** One file that comes over the network: begun where an earlier download ended, and gone on with when the connection breaks. */
import { SottoError } from '../errors.ts';
import { broken, mend, pauseAfter, request, type Answer, type Network } from './http.ts';
import type { Kept } from './kept.ts';
import type { Place } from './origin.ts';
import { pieceBytes, type Input } from './passage.ts';

export class Download implements Input {
  size = 0;
  fromStore = false;
  /** Expected; of the user, the catalogue, or the hub. */
  sha256: string | undefined;
  readonly #url: string;
  readonly #network: Network;
  readonly #kept: Kept | undefined;
  /** Version of the file that is read. */
  #tag = '';
  /** A connection that was opened and is not read yet. */
  #ready: Answer | undefined;

  private constructor(place: Place, network: Network, kept: Kept | undefined) {
    this.#url = place.url;
    this.sha256 = place.sha256;
    this.#network = network;
    this.#kept = kept;
  }

  /** Connects, so that size and version are known. `start`: where reading will begin when nothing is kept. Throws not_found,
   * io_error, integrity_error (not the size that was promised), bad_model (a web page). */
  static async open(place: Place, start: number, network: Network, kept?: Kept): Promise<Download> {
    const download = new Download(place, network, kept);
    await mend(network, () => download.#begin(place, kept?.bytes ?? start));
    return download;
  }

  async #begin(place: Place, start: number): Promise<void> {
    const kept = this.#kept;
    if (kept && kept.bytes === (place.size ?? kept.size)) {
      this.size = kept.bytes; // all is here; only its end was not recorded
      this.#tag = kept.tag;
      return;
    }
    let answer = await request(this.#url, start, this.#network);
    try {
      this.sha256 ??= answer.sha256;
      const isNew = kept !== undefined && !this.#goesOn(answer, kept);
      if (isNew && answer.start > 0) {
        answer.close();
        answer = await request(this.#url, 0, this.#network);
      }
      const { size, tag } = answer;
      if (size === undefined) throw this.#fault('io_error', 'the server does not tell how long the file is');
      if (size !== (place.size ?? size))
        throw this.#fault('integrity_error', `the server's file has ${size} bytes, expected are ${place.size}`);
      this.size = size;
      this.#tag = tag;
      if (isNew) await kept.restart(tag, size);
      this.#ready = answer;
      await kept?.checkRoom(this.size);
    } catch (error) {
      answer.close();
      throw error;
    }
  }

  /** Whether what is here and what the server has now are of the same file. */
  #goesOn({ size = 0, tag }: Answer, kept: Kept): boolean {
    const isSame = this.sha256 !== undefined || (tag !== '' && tag === kept.tag);
    return isSame && kept.bytes > 0 && kept.bytes <= size && size === (kept.size ?? size);
  }

  async *from(start: number): AsyncGenerator<Uint8Array, void> {
    let at = start;
    while (this.#kept && at < this.#kept.bytes) {
      const piece = await this.#kept.read(at, Math.min(pieceBytes, this.#kept.bytes - at));
      if (!piece) break; // the store is gone; the network still has it
      this.fromStore = true;
      at += piece.length;
      yield piece;
    }
    this.fromStore = false;
    for (let failures = 0; at < this.size; ) {
      try {
        for await (const piece of this.#pieces(at)) {
          failures = 0;
          at += piece.length;
          yield piece;
        }
        if (at < this.size) throw broken(`the connection ended after ${at} of ${this.size} bytes`, this.#url);
      } catch (error) {
        await pauseAfter(error, ++failures, this.#network);
      }
    }
  }

  /** Bytes from `at` on, over one connection. */
  async *#pieces(at: number): AsyncGenerator<Uint8Array, void> {
    const ready = this.#ready;
    const fits = ready && (ready.start === at || !ready.isPart);
    const answer = fits ? ready : await this.#reconnect(at);
    this.#ready = undefined;
    try {
      let position = answer.start;
      for await (const piece of answer.pieces) {
        if (position === 0 && /^\s*<(!doctype html|html)/i.test(new TextDecoder().decode(piece.subarray(0, 64)))) {
          await this.#kept?.discard();
          throw this.#fault('bad_model', 'the server sent a web page instead of a model');
        }
        const fresh = piece.subarray(Math.max(0, at - position));
        position += piece.length;
        if (position > this.size)
          throw this.#fault('integrity_error', `more than the announced ${this.size} bytes came (the server compresses them?)`);
        if (fresh.length > 0) yield fresh;
      }
    } finally {
      answer.close();
    }
  }

  /** Bytes have been handed out: what comes now must be of the same file. */
  async #reconnect(at: number): Promise<Answer> {
    this.#ready?.close();
    this.#ready = undefined;
    const answer = await request(this.#url, at, this.#network);
    const isSame = answer.size === this.size && (this.sha256 !== undefined || (this.#tag !== '' && answer.tag === this.#tag));
    if (isSame) return answer;
    answer.close();
    await this.#kept?.discard();
    const changed = answer.size !== this.size || answer.tag !== this.#tag;
    throw this.#fault(
      'io_error',
      changed
        ? 'the file changed on the server while it was read; load it again'
        : 'the connection broke, and the server gives neither ETag nor Last-Modified to go on by; load it again',
    );
  }

  async close(): Promise<void> {
    this.#ready?.close();
    await this.#kept?.close();
  }

  #fault(code: 'io_error' | 'integrity_error' | 'bad_model', message: string): SottoError {
    return new SottoError(code, message, { where: this.#url });
  }
}
