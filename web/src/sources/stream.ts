/** A stream that the caller began: pulled over a message port, since not every browser transfers streams. */
import { SottoError } from '../errors.ts';
import { stopped } from './http.ts';
import type { Input } from './passage.ts';

/** What comes back for each pull; neither: the end. */
interface Pulled {
  piece?: Uint8Array<ArrayBuffer>;
  error?: string;
}

/** Serves the stream where it is; the port is for the worker. */
export function serveStream(stream: ReadableStream<Uint8Array>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const reader = stream.getReader();
  port1.onmessage = async ({ data }: MessageEvent<'pull' | 'cancel'>) => {
    if (data === 'cancel') {
      port1.close();
      await reader.cancel().catch(() => {}); // nobody reads on: what the stream's end says is of no use
      return;
    }
    const pulled: Pulled = {};
    try {
      const { value } = await reader.read();
      if (value && !(value instanceof Uint8Array)) throw new TypeError('the stream does not give Uint8Array pieces');
      // A piece of something larger is copied: the rest is not ours to take.
      if (value) pulled.piece = value.byteLength === value.buffer.byteLength ? (value as Uint8Array<ArrayBuffer>) : value.slice();
    } catch (error) {
      pulled.error = String(error);
    }
    port1.postMessage(pulled, pulled.piece ? [pulled.piece.buffer] : []);
  };
  return port2;
}

/** Can be read once, forwards. Throws io_error, integrity_error (another length than told). */
export function streamInput({ port, size, name }: { port: MessagePort; size: number; name: string }, signal: AbortSignal): Input {
  let position = 0;
  let rest: Uint8Array | undefined; // of the piece that was read last
  const fail = (code: 'io_error' | 'integrity_error', message: string) => new SottoError(code, message, { where: name });
  const pull = () =>
    new Promise<Pulled>((resolve, reject) => {
      const stop = () => reject(stopped(signal));
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      port.onmessage = ({ data }: MessageEvent<Pulled>) => {
        signal.removeEventListener('abort', stop);
        resolve(data);
      };
      port.postMessage('pull');
    });
  return {
    size,
    fromStore: false,
    async *from(start) {
      if (start < position - (rest?.length ?? 0)) throw fail('io_error', `${name} is a stream, which can be read only once`);
      for (;;) {
        const begin = position - (rest?.length ?? 0);
        if (rest && position > start) yield rest.subarray(Math.max(0, start - begin));
        rest = undefined;
        const { piece, error } = await pull();
        if (error !== undefined) throw fail('io_error', `${name} broke off: ${error}`);
        if (!piece) {
          if (position < size) throw fail('integrity_error', `${name} ended after ${position} bytes, told were ${size}`);
          return;
        }
        position += piece.length;
        if (position > size) throw fail('integrity_error', `${name} has more than the ${size} bytes that were told`);
        rest = piece;
      }
    },
    async close() {
      port.postMessage('cancel');
      port.close();
    },
  };
}
