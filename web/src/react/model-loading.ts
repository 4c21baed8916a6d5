import { type SottoError, toSottoError } from '../errors.ts';
import type { Model, Progress } from '../types.ts';
import { Store } from './store.ts';

export interface ModelState {
  model: Model | undefined;
  progress: Progress | undefined;
  error: SottoError | undefined;
  status: 'idle' | 'loading' | 'ready' | 'error';
}

export type OpenModel = (control: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<Model>;

const IDLE: ModelState = { model: undefined, progress: undefined, error: undefined, status: 'idle' };

/** What useModel does, without React. */
export class ModelLoading extends Store<ModelState> {
  constructor() {
    super(IDLE);
  }

  /** Loads; what it returns closes the model, or ends the loading. */
  open(load: OpenModel): () => void {
    const closing = new AbortController();
    this.set({ ...IDLE, status: 'loading' });
    void this.#run(load, closing.signal);
    return () => {
      closing.abort();
      this.set(IDLE);
    };
  }

  async #run(load: OpenModel, signal: AbortSignal): Promise<void> {
    await null; // StrictMode closes at once what it opened first: then nothing is loaded
    if (signal.aborted) return;
    const onProgress = (progress: Progress) => {
      if (!signal.aborted) this.set({ progress });
    };
    try {
      const model = await load({ signal, onProgress });
      const close = () => void model.close().catch(() => {}); // it is gone either way, and nobody is left to be told
      if (signal.aborted) return close();
      signal.addEventListener('abort', close, { once: true });
      this.set({ model, status: 'ready' });
    } catch (error) {
      if (!signal.aborted) this.set({ error: toSottoError(error), status: 'error' });
    }
  }
}
