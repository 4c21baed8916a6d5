/** What ends a call from outside: an AbortSignal, a time. */
import { SottoError } from './errors.ts';
import type { Control } from './types.ts';

function abortError(reason: unknown): SottoError {
  const isTimeout = typeof reason === 'object' && reason !== null && (reason as { name?: unknown }).name === 'TimeoutError';
  if (isTimeout) return new SottoError('deadline_exceeded', 'the time of the signal is over', { where: 'signal', cause: reason });
  return new SottoError('cancelled', 'the signal was triggered', { where: 'signal', cause: reason });
}

export function throwIfAborted({ signal }: Control): void {
  if (signal?.aborted) throw abortError(signal.reason);
}

/** Calls `end` once: when the signal is triggered, or was before, or when the time is over. Returns what stops the watch. */
export function watch({ signal, timeout }: Control, end: (error: SottoError) => void): () => void {
  const stop = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
  const endOnce = (error: SottoError): void => {
    stop();
    end(error);
  };
  const onAbort = (): void => endOnce(abortError(signal?.reason));
  const onTime = (): void => endOnce(new SottoError('deadline_exceeded', 'the timeout has passed', { where: 'timeout' }));
  const timer = timeout === undefined ? undefined : setTimeout(onTime, timeout);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort);
  return stop;
}
