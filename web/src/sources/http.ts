/** One GET with everything checked that is wrong with servers. */
import { SottoError } from '../errors.ts';
import type { SourceEnvironment } from './files.ts';

const maxFailures = 5;

const brokenErrors = new WeakSet<object>();

/** A connection that broke, or an answer that means "later": worth another try. */
export function broken(message: string, where: string, cause?: unknown): SottoError {
  const error = new SottoError('io_error', message, { where, cause });
  brokenErrors.add(error);
  return error;
}

/** What all requests for one model have in common. */
export interface Network {
  signal: AbortSignal;
  hubOrigin: string;
  token: string | undefined;
  stallMs: number;
  retryMs: number;
  onBytes: (n: number) => void;
  /** Origins that answered before. */
  reached: Set<string>;
}

export function makeNetwork({ options, ...environment }: SourceEnvironment, hubUrl: string, signal: AbortSignal): Network {
  return {
    signal,
    hubOrigin: new URL(hubUrl).origin,
    token: options.token,
    stallMs: environment.stallMs ?? 30_000,
    retryMs: environment.retryMs ?? 500,
    onBytes: (n) => environment.onBytes?.(n),
    reached: new Set(),
  };
}

export interface Answer {
  /** Offset of the first byte that comes. */
  start: number;
  /** False: the server sends the whole file, whatever range was asked for. */
  isPart: boolean;
  /** Of the whole file; undefined: the server does not tell. */
  size: number | undefined;
  /** Strong ETag or Last-Modified: names this version of the file; may be empty. */
  tag: string;
  /** What the hub says it is. */
  sha256: string | undefined;
  pieces: AsyncIterable<Uint8Array>;
  close(): void;
}

/** Why a signal was triggered, as an error of ours. */
export function stopped(signal: AbortSignal): SottoError {
  const { reason } = signal;
  if (reason instanceof SottoError) return reason;
  const late = reason?.name === 'TimeoutError';
  return new SottoError(late ? 'deadline_exceeded' : 'cancelled', late ? 'the time is over' : 'cancelled', { cause: reason });
}

/** Rejects when the signal is triggered. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(stopped(signal));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** Asks for the bytes from `start` on. Throws broken(), not_found, io_error (refused), bad_model (a web page), cancelled. */
export async function request(url: string, start: number, network: Network): Promise<Answer> {
  // A single range is asked for even at 0: then nothing is compressed on the way, and sizes are those of the file. No If-Range:
  // pages may send it to other hosts only after a preflight, which hosts of models refuse; tags are compared instead.
  const answer = (await get(url, { Range: `bytes=${start}-` }, start, network)) ?? (await get(url, {}, 0, network));
  if (!answer) throw new SottoError('io_error', 'the server sent another range than the one asked for', { where: url });
  return answer;
}

/** Undefined: the server answered with another range than the one asked for. */
async function get(url: string, headers: Record<string, string>, start: number, network: Network): Promise<Answer | undefined> {
  if (network.signal.aborted) throw stopped(network.signal);
  const { origin } = new URL(url);
  const isForeign = 'location' in globalThis && origin !== location.origin;
  if (network.token && origin === network.hubOrigin) headers['Authorization'] = `Bearer ${network.token}`;
  const controller = new AbortController();
  const stop = () => controller.abort();
  network.signal.addEventListener('abort', stop);
  const close = () => {
    network.signal.removeEventListener('abort', stop);
    stop();
  };
  /** Rejects when nothing comes for too long. */
  const arrival = async <T>(work: Promise<T>, failure: (cause: unknown) => SottoError): Promise<T> => {
    const stalled = broken(`nothing came from the server for ${network.stallMs / 1000} s`, url);
    const timer = setTimeout(() => controller.abort(stalled), network.stallMs);
    try {
      return await work;
    } catch (error) {
      if (network.signal.aborted) throw stopped(network.signal);
      throw controller.signal.reason === stalled ? stalled : failure(error);
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const response = await arrival(fetch(url, { headers, signal: controller.signal, cache: 'no-store' }), (cause) => {
      const permission = isForeign ? ', or the host does not allow pages to read it (CORS)' : '';
      const error = broken(`${origin} cannot be reached${permission}`, url, cause);
      // One that never answered is not waited for: there is no network, or no permission.
      if (!network.reached.has(origin)) brokenErrors.delete(error);
      return error;
    });
    network.reached.add(origin);
    const { status } = response;
    const isEmpty = status === 416 && start === 0;
    if (status === 416 && !isEmpty) return close() as undefined;
    if (!isEmpty) checkAnswer(response, url);
    const size = isEmpty ? 0 : sizeOf(response, start, isForeign);
    if (status === 206 && size === undefined) return close() as undefined;
    const read = <T>(work: Promise<T>) => arrival(work, (cause) => broken('the connection broke off', url, cause));
    const { headers: told } = response;
    const etag = told.get('etag');
    return {
      start: status === 206 ? start : 0,
      isPart: status === 206,
      size,
      tag: (etag?.startsWith('"') ? etag : told.get('last-modified')) ?? '',
      sha256: /^"?([0-9a-f]{64})"?$/.exec(told.get('x-linked-etag') ?? '')?.[1],
      pieces: isEmpty ? none() : bodyOf(response, read, network),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function checkAnswer({ status, headers }: Response, url: string): void {
  const fail = (code: 'not_found' | 'io_error' | 'bad_model', message: string): never => {
    throw new SottoError(code, message, { where: url });
  };
  if (status === 404 || status === 410) fail('not_found', `the server has no such file (${status})`);
  if (status === 401 || status === 403)
    fail('io_error', `the server wants a permission for this file (${status}): a token, or an accepted licence`);
  if (status === 429 || status >= 500) throw broken(`the server answered with status ${status}`, url);
  if (status !== 200 && status !== 206) fail('io_error', `the server answered with status ${status}`);
  if (headers.get('content-type')?.startsWith('text/html')) fail('bad_model', 'the server sent a web page instead of a model');
}

/** Bytes of the whole file; undefined: not told, or of another range than the one asked for. */
function sizeOf({ status, headers }: Response, start: number, isForeign: boolean): number | undefined {
  // A length of compressed bytes says nothing.
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined;
  const told = headers.get('content-length');
  const length = told === null ? undefined : Number(told);
  if (status === 200) return length;
  const range = headers.get('content-range');
  // Other hosts may hide this header from pages; then the length has to fit, which the caller compares.
  if (range === null && isForeign) return length === undefined ? undefined : start + length;
  const [, first, last, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/i.exec(range ?? '') ?? []).map(Number);
  return total !== undefined && first === start && last === total - 1 ? total : undefined;
}

async function* none(): AsyncGenerator<Uint8Array, void> {}

async function* bodyOf(
  response: Response,
  arrival: <T>(read: Promise<T>) => Promise<T>,
  network: Network,
): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  for (;;) {
    const piece = reader && (await arrival(reader.read()));
    if (!piece || piece.done) return;
    network.onBytes(piece.value.length);
    yield piece.value;
  }
}

/** Tries again while the connection breaks. */
export async function mend<T>(network: Network, work: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      await pauseAfter(error, ++failures, network);
    }
  }
}

/** Before the next try. Throws the error where there is none. */
export async function pauseAfter(error: unknown, failures: number, { retryMs, signal }: Network): Promise<void> {
  if (!brokenErrors.has(error as object) || failures > maxFailures) throw error;
  await pause(retryMs * 2 ** (failures - 1), signal);
}

export const requestText = (url: string, limitBytes: number, network: Network): Promise<string> =>
  mend(network, async () => {
    const answer = await get(url, {}, 0, network);
    try {
      const decoder = new TextDecoder();
      let text = '';
      for await (const piece of answer?.pieces ?? []) {
        text += decoder.decode(piece, { stream: true });
        if (text.length > limitBytes) throw new SottoError('io_error', "the server's answer is too long", { where: url });
      }
      return text;
    } finally {
      answer?.close();
    }
  });
