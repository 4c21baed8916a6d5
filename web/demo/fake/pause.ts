import { SottoError } from '../../src/errors.ts';

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new SottoError('cancelled', 'the signal was triggered'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    setTimeout(resolve, ms);
  });
}
