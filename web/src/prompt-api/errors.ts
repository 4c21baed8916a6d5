/** Errors by the names that Chrome's API has. The SottoError that led to one is its `cause`. */
import { SottoError } from '../errors.ts';
import type { ErrorCode } from '../types.ts';

const NAMES: { [code in ErrorCode]?: string } = {
  cancelled: 'AbortError',
  closed: 'InvalidStateError',
  context_overflow: 'QuotaExceededError',
  integrity_error: 'NetworkError',
  io_error: 'NetworkError',
  not_found: 'NetworkError',
  unsupported: 'NotSupportedError',
  worker_lost: 'InvalidStateError',
};

export function notSupported(message: string): DOMException {
  return new DOMException(message, 'NotSupportedError');
}

/** Chrome's QuotaExceededError: both numbers are tokens. */
export function quotaExceeded(requested: number, quota: number): DOMException & { requested: number; quota: number } {
  const error = new DOMException(`The input takes ${requested} tokens, ${quota} are available.`, 'QuotaExceededError');
  return Object.assign(error, { requested, quota });
}

export function toDomException(error: unknown): unknown {
  if (!(error instanceof SottoError)) return error;
  return Object.assign(new DOMException(error.message, NAMES[error.code] ?? 'UnknownError'), { cause: error });
}

/** Settles like the promise, or rejects with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, (error) => reject(toDomException(error))).finally(() => signal.removeEventListener('abort', abort));
  });
}
