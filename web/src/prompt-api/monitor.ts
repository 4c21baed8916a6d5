import type { Progress } from '../types.ts';
import type { CreateMonitor } from './types.ts';

/** Node has no ProgressEvent. */
class DownloadProgress extends Event {
  readonly lengthComputable = true;
  readonly total = 1;
  readonly loaded: number;

  constructor(loaded: number) {
    super('downloadprogress');
    this.loaded = loaded;
  }
}

/** Tells the share of the bytes that are there. It only grows; the first event has 0, the last one 1. */
export class Monitor extends EventTarget implements CreateMonitor {
  ondownloadprogress: CreateMonitor['ondownloadprogress'] = null;
  #loaded = -1;

  constructor() {
    super();
    this.addEventListener('downloadprogress', (event) => this.ondownloadprogress?.(event as DownloadProgress));
  }

  tell(loaded: number): void {
    if (!(loaded > this.#loaded)) return;
    this.#loaded = loaded;
    this.dispatchEvent(new DownloadProgress(loaded));
  }

  /** Arrow function: it is handed on as a listener. */
  readonly onProgress = ({ loaded, total }: Progress): void => {
    if (loaded < total) this.tell(loaded / total); // all bytes are there before the model is
  };
}
